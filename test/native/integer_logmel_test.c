/*
 * integer_logmel_test.c - the integer log-mel op by its class: against a transform in double precision written out
 * plainly, for every length that it takes; the same bits however samples come; and what its check refuses. Knows
 * nothing of models or sessions.
 */
#include "harness.h"
#include "kernels/integer.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

extern const mlm_op_class mlm_logmel_int_class;

enum { MOST_FFT = 4096, BANDS = 8, TENSORS = 6, SAMPLES = 2 * MOST_FFT, MOST_ROWS = 600, ROW = 8 };
enum { WINDOW, HOP, FFT, RATE, FLOOR_LOW, FLOOR_HIGH, SHIFT };
enum { WINDOW_WEIGHTS, TURNS, FILTER_BINS, FILTERS, MULTIPLIER, OFFSET };
enum { STATE_BYTES = 2 * MOST_FFT, SPECTRUM_BYTES = 4 * (MOST_FFT + 2) };

#define PI 3.14159265358979323846

static struct {
    mlm_blob_op op;
    mlm_blob_tensor tensors[TENSORS];
    mlm_op_view view;
    uint32_t used;
    _Alignas(16) unsigned char blob[1 << 17];
    _Alignas(16) unsigned char arena[STATE_BYTES + SPECTRUM_BYTES];
} rig;

static rng random_numbers = {35};
static int16_t samples[SAMPLES];
static float output[MOST_ROWS * ROW];

static void *add_tensor(uint32_t reference, uint32_t dtype, uint32_t height, uint32_t bytes) {
    rig.tensors[reference] = (mlm_blob_tensor){
        .dtype = (uint16_t)dtype, .rows = height, .columns = 1, .offset = rig.used};
    rig.op.tensors[reference] = (uint16_t)reference;
    void *data = rig.blob + rig.used;
    rig.used += (mlm_padded(height) * bytes + 15u) & ~15u;
    if (rig.used > sizeof rig.blob) exit(2);
    return data;
}

static int16_t q15(double x) {
    const double q = floor(x * 32768.0 + 0.5);
    return (int16_t)(q > 32767.0 ? 32767.0 : q < -32767.0 ? -32767.0 : q);
}

/* Outputs are 512 times the logarithm to base 2 of a band's energy, whose bins are weighted with 1/2. */
static void make_op(uint32_t window, uint32_t hop, uint32_t fft) {
    memset(&rig, 0, sizeof rig);
    rig.op = (mlm_blob_op){.width = BANDS,
                           .type = MLM_DTYPE_I16,
                           .attributes = {window, hop, fft, 16000, 1, 0, 5},
                           .tensors = {0, 0, 0, 0, 0, 0, MLM_NO_TENSOR, MLM_NO_TENSOR}};
    int16_t *weights = add_tensor(WINDOW_WEIGHTS, MLM_DTYPE_I16, window, 2);
    for (uint32_t i = 0; i < window; i++) weights[i] = q15(0.5 - 0.5 * cos(2 * PI * i / window));
    int16_t *turns = add_tensor(TURNS, MLM_DTYPE_I16, fft, 2);
    for (uint32_t k = 0; k < fft / 2; k++) {
        turns[2 * k] = q15(cos(2 * PI * k / fft));
        turns[2 * k + 1] = q15(-sin(2 * PI * k / fft));
    }
    uint32_t *bins = add_tensor(FILTER_BINS, MLM_DTYPE_U32, 2 * BANDS, 4), used = 0;
    for (uint32_t band = 0; band < BANDS; band++) {
        bins[2 * band] = band * (fft / 2) / BANDS;
        bins[2 * band + 1] = (band + 1) * (fft / 2) / BANDS + 1 - bins[2 * band];
        used += bins[2 * band + 1];
    }
    int16_t *filters = add_tensor(FILTERS, MLM_DTYPE_I16, used, 2);
    for (uint32_t i = 0; i < used; i++) filters[i] = 1 << 14;
    int16_t *multiplier = add_tensor(MULTIPLIER, MLM_DTYPE_I16, BANDS, 2);
    int32_t *offset = add_tensor(OFFSET, MLM_DTYPE_I32, BANDS, 4);
    for (uint32_t band = 0; band < BANDS; band++) multiplier[band] = 1 << 14, offset[band] = 16;
    rig.view = (mlm_op_view){.op = &rig.op,
                             .blob = rig.blob,
                             .tensors = rig.tensors,
                             .tensor_count = TENSORS,
                             .inputs = 1,
                             .widths = {1}};
}

static int is_accepted(void) { return mlm_logmel_int_class.check(&rig.view); }

static void *tensor_data(uint32_t reference) { return rig.blob + rig.tensors[reference].offset; }

/* Pushes all samples, `most` at a time or, where that is 0, any number. Returns the number of rows. */
static uint32_t run_op(uint32_t count, uint32_t most) {
    static const uint32_t buffers[] = {0, STATE_BYTES};
    uint32_t first = 0;
    memset(rig.arena, 0, STATE_BYTES);
    memset(rig.arena + STATE_BYTES, 0xA5, SPECTRUM_BYTES);
    for (uint32_t at = 0; at < count;) {
        const uint32_t wanted = most ? most : rng_between(&random_numbers, 1, 900);
        const uint32_t taken = wanted < count - at ? wanted : count - at;
        mlm_run run = {.op = &rig.op,
                       .blob = rig.blob,
                       .tensors = rig.tensors,
                       .arena = rig.arena,
                       .buffers = buffers,
                       .output = {output + first * ROW, ROW},
                       .first = first,
                       .in_first = at,
                       .in_rows = taken};
        run.inputs[0].data = (const float *)(const void *)(samples + at);
        mlm_logmel_int_class.run(&run);
        first += run.rows;
        at += taken;
    }
    return first;
}

static const int16_t *row_of(uint32_t row) {
    return (const int16_t *)(const void *)(output + row * ROW);
}

static void make_noise(uint32_t count, int32_t loudness) {
    const uint32_t span = 2 * (uint32_t)loudness;
    for (uint32_t i = 0; i < count; i++)
        samples[i] = (int16_t)((int32_t)rng_below(&random_numbers, span) - loudness);
}

/* |bin k|^2 of the window that begins at `x`, as many times as the op's energies are of those of samples in
 * [-1, 1). */
static double power_of_bin(const int16_t *x, uint32_t window, uint32_t fft, uint32_t k) {
    double re = 0, im = 0;
    for (uint32_t i = 0; i < window; i++) {
        const double y = x[i] / 32768.0 * (0.5 - 0.5 * cos(2 * PI * i / window));
        re += y * cos(2 * PI * ((double)k * i / fft));
        im -= y * sin(2 * PI * ((double)k * i / fft));
    }
    return (re * re + im * im) * ldexp(1.0, 63) / fft / fft;
}

static double wanted_output(const int16_t *x, uint32_t window, uint32_t fft, uint32_t band) {
    const uint32_t *bins = tensor_data(FILTER_BINS);
    double energy = 0;
    for (uint32_t i = 0; i < bins[2 * band + 1]; i++)
        energy += 0.5 * power_of_bin(x, window, fft, bins[2 * band] + i);
    return 512 * log2(energy < 1 ? 1 : energy);
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

/* Of one in 512 of an octave: rounding alone makes half. */
static void noise_is_close_to_double_precision_at_every_length(void) {
    for (uint32_t fft = 8; fft <= 1024; fft *= 2)
        for (uint32_t window = fft - 3; window <= fft; window += 3) {
            make_op(window, window, fft);
            CHECK(is_accepted());
            make_noise(2 * window, 32768);
            CHECK_EQUAL(run_op(2 * window, 0), 2);
            for (uint32_t row = 0; row < 2; row++)
                for (uint32_t band = 0; band < BANDS; band++) {
                    const double wanted = wanted_output(samples + row * window, window, fft, band);
                    CHECK_MESSAGE(fabs(row_of(row)[band] - wanted) < 1.5, "fft %u: %d, not %f", fft,
                                  row_of(row)[band], wanted);
                }
        }
}

static void quiet_noise_is_close(void) {
    make_op(400, 160, 512);
    make_noise(400, 8);
    CHECK_EQUAL(run_op(400, 400), 1);
    for (uint32_t band = 0; band < BANDS; band++) {
        const double wanted = wanted_output(samples, 400, 512, band);
        CHECK_MESSAGE(fabs(row_of(0)[band] - wanted) < 3, "%d, not %f", row_of(0)[band], wanted);
    }
}

static void silence_is_the_floor(void) {
    make_op(400, 160, 512);
    rig.op.attributes[FLOOR_HIGH] = 1; /* 2^32 */
    rig.op.attributes[FLOOR_LOW] = 0;
    memset(samples, 0, sizeof samples);
    CHECK_EQUAL(run_op(1000, 0), 4);
    for (uint32_t row = 0; row < 4; row++)
        for (uint32_t band = 0; band < BANDS; band++) CHECK_EQUAL(row_of(row)[band], 32 * 512);
}

/* A full transform of one line: the sanitizers see that nothing leaves its 32 bits. */
static void full_scale_does_not_overflow(void) {
    for (uint32_t fft = 8; fft <= MOST_FFT; fft *= 2)
        for (uint32_t period = 1; period <= 16; period *= 2)
            for (int sign = -1; sign <= 1; sign += 2) {
                make_op(fft, fft, fft);
                int16_t *weights = tensor_data(WINDOW_WEIGHTS);
                for (uint32_t i = 0; i < fft; i++) weights[i] = -32768;
                CHECK(is_accepted());
                for (uint32_t i = 0; i < fft; i++)
                    samples[i] = (int16_t)((i / period % 2 ? 1 : -1) * sign < 0 ? -32768 : 32767);
                CHECK_EQUAL(run_op(fft, 0), 1);
                int most = 0;
                for (uint32_t band = 0; band < BANDS; band++)
                    if (row_of(0)[band] > most) most = row_of(0)[band];
                /* At least half of the largest energy there is, 2^62, is in the largest band. */
                CHECK_MESSAGE(most > 60 * 512 && most <= 62 * 512, "fft %u, period %u: %d", fft,
                              period, most);
            }
}

static void any_push_gives_the_same_bits(void) {
    static const uint32_t forms[][3] = {
        {400, 160, 512}, {33, 33, 64}, {1, 1, 8}, {255, 1, 256}, {7, 2, 8}};
    static int16_t wanted[MOST_ROWS * BANDS];
    for (uint32_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        make_op(forms[f][0], forms[f][1], forms[f][2]);
        make_noise(700, 20000);
        const uint32_t count = forms[f][0] == 1 ? MOST_ROWS : 700;
        const uint32_t rows = run_op(count, count);
        CHECK_EQUAL(rows, (count - forms[f][0]) / forms[f][1] + 1);
        for (uint32_t row = 0; row < rows; row++)
            memcpy(wanted + row * BANDS, row_of(row), BANDS * sizeof(int16_t));
        static const uint32_t pushes[] = {1, 7, 160, 0};
        for (uint32_t push = 0; push < 4; push++) {
            CHECK_EQUAL(run_op(count, pushes[push]), rows);
            for (uint32_t row = 0; row < rows; row++)
                CHECK(!memcmp(wanted + row * BANDS, row_of(row), BANDS * sizeof(int16_t)));
        }
    }
}

static void ends_of_16_bits_cut_off(void) {
    make_op(400, 160, 512);
    int32_t *offset = tensor_data(OFFSET);
    offset[0] = 1 << 29;
    offset[1] = -(1 << 29);
    CHECK(is_accepted());
    make_noise(400, 1000);
    run_op(400, 0);
    CHECK(row_of(0)[0] == 32767 && row_of(0)[1] == -32768);
}

#define REFUSES(damage)         \
    do {                        \
        make_op(400, 160, 512); \
        CHECK(is_accepted());   \
        damage;                 \
        CHECK(!is_accepted());  \
    } while (0)

static void hostile_records_are_refused(void) {
    uint32_t *attributes = rig.op.attributes;
    REFUSES(attributes[WINDOW] = 513);
    REFUSES(attributes[WINDOW] = 399); /* the tensor has 400 */
    REFUSES(attributes[HOP] = 0);
    REFUSES(attributes[HOP] = 401);
    REFUSES(attributes[FFT] = 513);
    REFUSES(attributes[FFT] = 0);
    REFUSES(attributes[FFT] = 4);
    REFUSES(attributes[FFT] = 8192);
    REFUSES(attributes[RATE] = 0);
    REFUSES(attributes[FLOOR_LOW] = 0);
    REFUSES(attributes[FLOOR_HIGH] = 1u << 31);
    REFUSES(attributes[SHIFT] = 16);
    REFUSES(rig.view.widths[0] = 2);
}

static void hostile_tensors_are_refused(void) {
    for (uint32_t i = 0; i < TENSORS; i++) {
        REFUSES(rig.tensors[i].rows++);
        REFUSES(rig.tensors[i].dtype = MLM_DTYPE_F32);
        REFUSES(rig.op.tensors[i] = MLM_NO_TENSOR);
    }
    REFUSES(((int16_t *)tensor_data(TURNS))[5] = -32768);
    REFUSES(((int16_t *)tensor_data(TURNS))[0] = ((int16_t *)tensor_data(TURNS))[1] = 32767);
    REFUSES(((int16_t *)tensor_data(FILTERS))[9] = -1);
    REFUSES(((uint32_t *)tensor_data(FILTER_BINS))[0] = 258);
    REFUSES(((uint32_t *)tensor_data(FILTER_BINS))[1] = 258);
    REFUSES(((uint32_t *)tensor_data(FILTER_BINS))[1] = UINT32_MAX);
    REFUSES(((uint32_t *)tensor_data(FILTER_BINS))[1]--); /* more weights than bins */
    REFUSES(((int32_t *)tensor_data(OFFSET))[BANDS - 1] = INT32_MIN);
    REFUSES(((int32_t *)tensor_data(OFFSET))[BANDS - 1] = (1 << 29) + 1);
}

int main(int argc, char **argv) {
    harness.only = argc > 1 ? argv[1] : NULL;
    RUN(noise_is_close_to_double_precision_at_every_length);
    RUN(quiet_noise_is_close);
    RUN(silence_is_the_floor);
    RUN(full_scale_does_not_overflow);
    RUN(any_push_gives_the_same_bits);
    RUN(ends_of_16_bits_cut_off);
    RUN(hostile_records_are_refused);
    RUN(hostile_tensors_are_refused);
    return harness_end();
}
