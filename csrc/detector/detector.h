/*
 * detector.h - a detector as it lies at the start of its memory. Shared by what drives it and what saves it.
 */
#ifndef MLM_DETECTOR_INSIDE_H
#define MLM_DETECTOR_INSIDE_H

#include "../core/session.h"
#include "mlm_detector.h"

/* Lies at the start of its memory; the parts behind it are at these offsets. */
struct mlm_detector {
    union {
        mlm_session *source; /* that takes the inputs; null where they are the model's frames */
        uint64_t source_bits;
    };
    union {
        mlm_session *model; /* exact: that is run over windows */
        uint64_t model_bits;
    };
    union {
        mlm_events *events;
        uint64_t events_bits;
    };
    uint64_t answers;
    uint64_t first, second,
        period; /* inputs up to the first and the second answer; between further ones */
    uint32_t window, hop, width; /* exact: of the ring of frames */
    uint32_t until;              /* exact: frames until the next answer */
    uint32_t next;               /* exact: row of the ring that comes next */
    uint32_t rows, row_capacity; /* of a step: offset in bytes, number */
    uint32_t ring, ring_bytes;   /* of frames */
    uint32_t events_bytes;
    uint32_t step, input_bytes; /* inputs that are pushed at once, at most; bytes of one */
    uint32_t identity;          /* of models and options, for saved states */
};

static inline float *mlm_detector_floats(const mlm_detector *detector, uint32_t offset) {
    return (float *)(void *)((unsigned char *)(uintptr_t)detector + offset);
}

#endif
