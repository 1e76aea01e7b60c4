/*
 * integer_rig.h - runs one op on integers by its class, without a model, and has the contract's arithmetic once
 * more, plainly and in 64 bits. Rows come with garbage where they are padded, and guards lie behind what is
 * written. Knows nothing of models or sessions. Included once a program.
 */
#ifndef INTEGER_RIG_H
#define INTEGER_RIG_H

#include "harness.h"
#include "kernels/integer.h"
#include "random.h"

#include <stdlib.h>

enum { MOST_WIDTH = 72, TENSORS = 3 };
enum { ROW = 80 }; /* elements from row to row */

/* Cases of a test. */
#ifndef INTEGER_TEST_TIMES
#define INTEGER_TEST_TIMES 4000
#endif

/* ---- one op ----------------------------------------------------------------------------------------- */

/* Its tensors lie in `blob`, its state or scratch in `arena`. */
static struct {
    mlm_blob_op op;
    mlm_blob_tensor tensors[TENSORS];
    uint32_t tensor_count, used;
    mlm_op_view view;
    _Alignas(16) unsigned char blob[8192];
    _Alignas(16) unsigned char arena[2048];
} rig;

static rng random_numbers = {15};

/* Rows of one of the types. */
typedef union rows {
    _Alignas(16) float f32[ROW];
    int16_t i16[2 * ROW];
    int32_t i32[ROW];
} rows;

static inline void begin(uint32_t variant, uint32_t type, uint32_t width) {
    rig.op = (mlm_blob_op){.variant = (uint8_t)variant, .type = (uint8_t)type, .width = width};
    for (uint32_t i = 0; i < MLM_TENSOR_REFS; i++) rig.op.tensors[i] = MLM_NO_TENSOR;
    rig.tensor_count = rig.used = 0;
    rig.view = (mlm_op_view){&rig.op, rig.blob, rig.tensors, 0, 0, {0}, {0}, {0}, 1, 0};
}

static inline void add_input(uint32_t type, uint32_t width) {
    rig.view.types[rig.view.inputs] = (uint8_t)type;
    rig.view.widths[rig.view.inputs++] = width;
}

/* Returns where its elements go. */
static inline void *add_tensor(uint32_t reference, uint32_t dtype, uint32_t packing,
                               uint32_t height, uint32_t columns, uint32_t bytes) {
    void *data = rig.blob + rig.used;
    rig.tensors[rig.tensor_count] = (mlm_blob_tensor){.dtype = (uint16_t)dtype,
                                                      .packing = (uint16_t)packing,
                                                      .rows = height,
                                                      .columns = columns,
                                                      .offset = rig.used};
    rig.op.tensors[reference] = (uint16_t)rig.tensor_count++;
    rig.view.tensor_count = rig.tensor_count;
    rig.used += (bytes + 15u) & ~15u;
    if (rig.used > sizeof rig.blob) exit(2);
    memset(data, 0, bytes);
    return data;
}

static inline int32_t *add_i32_vector(uint32_t reference, uint32_t height) {
    return add_tensor(reference, MLM_DTYPE_I32, MLM_PACK_VECTOR, height, 1, 4 * mlm_padded(height));
}

static inline int16_t *add_i16_vector(uint32_t reference, uint32_t height) {
    return add_tensor(reference, MLM_DTYPE_I16, MLM_PACK_VECTOR, height, 1, 2 * mlm_padded(height));
}

static inline void run_op(const mlm_op_class *class, mlm_run *run) {
    static const uint32_t buffers[1] = {0};
    run->op = &rig.op;
    run->blob = rig.blob;
    run->tensors = rig.tensors;
    run->arena = rig.arena;
    run->buffers = buffers;
    class->run(run);
}

/* A row of input 0, and one of input 1 if there is one, to a row of the output. */
static inline void run_row(const mlm_op_class *class, const rows *a, const rows *b, rows *y) {
    mlm_run run = {.output = {y->f32, ROW}, .rows = 1};
    run.inputs[0] = (mlm_source){a->f32, ROW};
    if (b) run.inputs[1] = (mlm_source){b->f32, ROW};
    run_op(class, &run);
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

static inline int32_t any_i32(void) {
    static const int32_t extremes[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX, 0,     -1,
                                       1,         -32768,        32767,     32768, -32769};
    if (rng_once_in(&random_numbers, 4)) return extremes[rng_below(&random_numbers, 10)];
    return (int32_t)rng_u32(&random_numbers) >> rng_below(&random_numbers, 32);
}

static inline int16_t any_i16(void) {
    if (rng_once_in(&random_numbers, 4)) return rng_once_in(&random_numbers, 2) ? -32768 : 32767;
    return (int16_t)((int32_t)rng_u32(&random_numbers) >> (16 + rng_below(&random_numbers, 16)));
}

/* All over, or all of one extreme; and over the whole of the padding. */
static inline void fill(rows *to, uint32_t type) {
    const int is_extreme = rng_once_in(&random_numbers, 8);
    const int32_t extreme = any_i32();
    const uint32_t quiet = rng_below(&random_numbers, 20);
    for (uint32_t i = 0; i < ROW; i++) to->i32[i] = (is_extreme ? extreme : any_i32()) >> quiet;
    if (type == MLM_DTYPE_I16)
        for (uint32_t i = 0; i < 2 * ROW; i++)
            to->i16[i] = is_extreme ? (int16_t)extreme : any_i16();
}

static inline int64_t element(const rows *from, uint32_t type, uint32_t i) {
    return type == MLM_DTYPE_I16 ? from->i16[i] : from->i32[i];
}

static inline int64_t clamped(int64_t x, int64_t least, int64_t most) {
    return x < least ? least : x > most ? most : x;
}
static inline int64_t sat(int64_t x, uint32_t type) {
    return type == MLM_DTYPE_I16 ? clamped(x, -32768, 32767) : clamped(x, INT32_MIN, INT32_MAX);
}
static inline int64_t floor_divide(int64_t a, int64_t b) {
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}
static inline int64_t floor_shift(int64_t x, int64_t s) { return floor_divide(x, (int64_t)1 << s); }
static inline int64_t rsh(int64_t x, int64_t s) {
    return s == 0 ? x : floor_shift(x + ((int64_t)1 << (s - 1)), s);
}
static inline int64_t shift(int64_t x, int64_t s) {
    if (s > 31) return 0;
    if (s >= 0) return rsh(x, s);
    return sat(x * ((int64_t)1 << (s < -31 ? 31 : -s)), MLM_DTYPE_I32);
}
static inline int64_t mulw(int64_t a, int64_t b) { return floor_shift(a * b, 16); }
static inline uint32_t length_of(uint64_t x) {
    uint32_t bits = 0;
    for (; x > 0; x >>= 1) bits++;
    return bits;
}

/* Rows as the contract narrows them. */
static inline uint32_t narrow(const int64_t *x, uint32_t width, int64_t *q) {
    uint64_t top = 0;
    for (uint32_t i = 0; i < width; i++) {
        const uint64_t magnitude = (uint64_t)(x[i] < 0 ? -x[i] : x[i]);
        if (magnitude > top) top = magnitude;
    }
    const uint32_t bits = length_of(top), k = bits > 15 ? bits - 15 : 0;
    for (uint32_t i = 0; i < width; i++) q[i] = clamped(rsh(x[i], k), -32768, 32767);
    return k;
}

static inline int is_row(const rows *got, uint32_t type, const int64_t *wanted, uint32_t width) {
    for (uint32_t i = 0; i < width; i++)
        if (!CHECK_MESSAGE(element(got, type, i) == wanted[i], "element %u of %u is %lld, not %lld",
                           i, width, (long long)element(got, type, i), (long long)wanted[i]))
            return 0;
    return 1;
}

/* Behind the padding nothing is written. */
static inline void guard(rows *y) { memset(y, 0x5A, sizeof *y); }
static inline int guard_holds(const rows *y, uint32_t type, uint32_t width) {
    const unsigned char *bytes = (const unsigned char *)y;
    for (size_t i = mlm_bytes_of(type, mlm_padded(width)); i < sizeof *y; i++)
        if (bytes[i] != 0x5A) return 0;
    return 1;
}

/* ---- refusals ----------------------------------------------------------------------------------------- */

/* With one thing changed. */
#define REFUSED(class, field, value)                                          \
    do {                                                                      \
        const __typeof__(field) right = (field);                              \
        CHECK((class)->check(&rig.view));                                     \
        (field) = (__typeof__(field))(value);                                 \
        CHECK_MESSAGE(!(class)->check(&rig.view), "%s", #field " = " #value); \
        (field) = right;                                                      \
    } while (0)

#endif
