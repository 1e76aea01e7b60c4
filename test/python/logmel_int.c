/*
 * logmel_int.c - the integer log-mel op as a function for test_integer_logmel.py, which compiles it together with the
 * kernel's file into a shared library.
 */
#include <string.h>

#include "kernels/integer.h"

extern const mlm_op_class mlm_logmel_int_class;

enum { TENSORS = 6, STATE_BYTES = 1 << 13, SPECTRUM_BYTES = 1 << 15 };

/* Of the core; nothing here calls what needs more of them than the linker. */
int mlm_has_typed(const mlm_op_view *view, uint32_t t, uint32_t dtype, uint32_t packing,
                  uint32_t rows, uint32_t columns) {
    (void)view, (void)t, (void)dtype, (void)packing, (void)rows, (void)columns;
    return 1;
}
int mlm_has_words(const mlm_op_view *view, uint32_t t, uint32_t rows) {
    (void)view, (void)t, (void)rows;
    return 1;
}
uint64_t mlm_tensor_bytes(const mlm_op_view *view, uint32_t t) {
    (void)view, (void)t;
    return 0;
}

/* blob: the tensors, at `offsets`. samples: `count`, pushed `most` at a time. y: [rows][stride]. Returns rows. */
uint32_t run_logmel(const uint32_t *attributes, uint32_t bands, const unsigned char *blob,
                    const uint32_t *offsets, const int16_t *samples, uint32_t count, uint32_t most,
                    float *y) {
    static const uint32_t buffers[] = {0, STATE_BYTES};
    static _Alignas(16) unsigned char arena[STATE_BYTES + SPECTRUM_BYTES];
    const uint32_t stride = mlm_padded(bands) / 2;
    mlm_blob_op op = {.width = bands};
    mlm_blob_tensor tensors[TENSORS];
    uint32_t first = 0;
    memset(arena, 0, sizeof arena);
    memset(tensors, 0, sizeof tensors);
    memcpy(op.attributes, attributes, sizeof op.attributes);
    for (uint32_t i = 0; i < TENSORS; i++) {
        tensors[i].offset = offsets[i];
        op.tensors[i] = (uint16_t)i;
    }
    for (uint32_t at = 0; at < count; at += most) {
        mlm_run run = {.op = &op,
                       .blob = blob,
                       .tensors = tensors,
                       .arena = arena,
                       .buffers = buffers,
                       .output = {y + first * stride, stride},
                       .first = first,
                       .in_first = at,
                       .in_rows = most < count - at ? most : count - at};
        run.inputs[0].data = (const float *)(const void *)(samples + at);
        mlm_logmel_int_class.run(&run);
        first += run.rows;
    }
    return first;
}
