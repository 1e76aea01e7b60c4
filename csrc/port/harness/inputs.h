/* inputs.h - the sequences that the harness runs, and memory for what they give; inputs.S brings both, the
 * tools generate it. */
#ifndef MLM_HARNESS_INPUTS_H
#define MLM_HARNESS_INPUTS_H

#include <stdint.h>

extern const uint32_t harness_input_count;
extern const uint32_t harness_input_length;
/* float or int32_t [count][frames][input width], or int16_t [count][samples] */
extern const unsigned char harness_inputs[];

/* Of one run: the outputs that are vectors, then the rows of those that are sequences; twice. */
extern const uint32_t harness_output_floats;
extern float harness_outputs[];
extern float harness_stepped_outputs[];

#endif
