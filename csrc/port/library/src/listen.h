/*
 * listen.h - the model's detector as two functions with memory of their own, for an application that wants no more;
 * mlm_detector.h has all of it. One task at a time; not from an interrupt.
 */
#ifndef MLM_LISTEN_H
#define MLM_LISTEN_H

#include "sensor_format.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was heard or felt: the label, how sure, and the number of inputs of the stream up to its end. */
typedef void listen_heard(const char *label, float confidence, uint64_t inputs);

/* Checks machine, flags and model, runs its self-test and gets ready. Null, or what is wrong: then do not go on. */
const char *listen_begin(void);

/* Takes further inputs, [count][SENSOR_WIDTH], any number; calls `heard` for each event. Null, or what is wrong. */
const char *listen_to(const sensor_value *inputs, uint32_t count, listen_heard *heard);

#ifdef __cplusplus
}
#endif
#endif
