/* stream.c - see stream.h. */
#include "stream.h"

#define SEED 0x4D4C4Du

enum { LEAST_SHIFT = 6, SHIFTS = 6, FULL_SCALE = 32768 };

/* Marsaglia's xorshift generator (J. Stat. Soft. 8, 14). */
static uint32_t next_random(stream *made) {
    made->random ^= made->random << 13;
    made->random ^= made->random >> 17;
    made->random ^= made->random << 5;
    return made->random;
}

static void begin_pause(stream *made) {
    made->clip = 0;
    made->left = made->rate_hz + next_random(made) % (2 * made->rate_hz);
    made->noise_shift = LEAST_SHIFT + next_random(made) % SHIFTS;
}

static void begin_clip(stream *made) {
    made->clip = made->clips + next_random(made) % made->clip_count * made->clip_samples;
    made->left = made->clip_samples;
}

void stream_begin(stream *made, const int16_t *clips, uint32_t clip_count, uint32_t clip_samples,
                  uint32_t rate_hz) {
    *made = (stream){clips, clip_count, clip_samples, rate_hz, SEED, 0, 0, 0};
    begin_pause(made);
}

static int16_t next_sample(stream *made) {
    if (made->left == 0) {
        if (!made->clip && made->clip_count > 0)
            begin_clip(made);
        else
            begin_pause(made);
    }
    made->left--;
    const int32_t wide = (int32_t)(next_random(made) >> 16) - FULL_SCALE;
    const int32_t noise = wide / (1 << made->noise_shift);
    const int32_t sum = noise + (made->clip ? *made->clip++ : 0);
    if (sum < -FULL_SCALE) return -FULL_SCALE;
    return sum < FULL_SCALE ? (int16_t)sum : FULL_SCALE - 1;
}

void stream_read(stream *made, int16_t *samples, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) samples[i] = next_sample(made);
}
