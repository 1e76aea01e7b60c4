/*
 * reference.h - the network in double precision, written as in the papers: whole sequences, one
 * operator after the other, no tiles, no fusion. Knows the blob and nothing of arenas or kernels.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "core/blob.h"

/* logits: double [model's logits]. input: as for mlm_session_run. */
void reference_run(const mlm_model *model, const void *input, uint32_t inputs, double *logits);

#endif
