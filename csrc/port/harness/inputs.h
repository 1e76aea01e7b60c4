/* inputs.h - the sequences that the harness runs; inputs.S brings them, the tools generate it. */
#ifndef MLM_HARNESS_INPUTS_H
#define MLM_HARNESS_INPUTS_H

#include <stdint.h>

extern const uint32_t harness_input_count;
extern const uint32_t harness_input_length;
/* float or int32_t [count][frames][input width] */
extern const uint32_t harness_inputs[];

#endif
