/*
 * stream.h - a stream of samples as long as one wants, made of clips: noise of changing strength, and in it
 * clips by chance with pauses of 1 to 3 s. Integers only: ts/firmware/stream.ts makes the same one.
 */
#ifndef MLM_HARNESS_STREAM_H
#define MLM_HARNESS_STREAM_H

#include <stdint.h>

typedef struct stream {
    const int16_t *clips; /* [clip_count][clip_samples], may be null with no clips */
    uint32_t clip_count, clip_samples, rate_hz;
    uint32_t random;      /* not 0 */
    uint32_t noise_shift; /* of 16 bits of noise */
    const int16_t *clip;  /* that plays; null in a pause */
    uint32_t left;        /* samples of the clip or pause */
} stream;

void stream_begin(stream *made, const int16_t *clips, uint32_t clip_count, uint32_t clip_samples,
                  uint32_t rate_hz);
void stream_read(stream *made, int16_t *samples, uint32_t count);

#endif
