/*
 * classes.h - from an op's kind to its class.
 */
#ifndef MLM_CLASSES_H
#define MLM_CLASSES_H

#include "../kernels/op.h"
#include "blob.h"

/* By kind; null where there is none. */
extern const mlm_op_class *const mlm_op_classes[];

/* Null when this build has no such kind. */
const mlm_op_class *mlm_class_of_kind(uint32_t kind);

#endif
