/*
 * check.h - the second half of mlm_model_open.
 */
#ifndef MLM_CHECK_H
#define MLM_CHECK_H

#include "graph.h"

/* Widths beyond this are refused, so that products of two of them stay far from 2^64. */
#define MLM_MAX_WIDTH (1u << 24)

/* Checks every op of a model whose sections and tensors have been checked. Writes *fault in any case.
 * Errors: KIND, OP. */
mlm_status mlm_check_graph(const mlm_model *model, mlm_fault *fault);

#endif
