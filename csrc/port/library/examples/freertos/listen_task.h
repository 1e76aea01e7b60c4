/* listen_task.h - see listen_task.c. */
#ifndef LISTEN_TASK_H
#define LISTEN_TASK_H

#include "listen.h"

/* Makes the task; before the scheduler starts, or behind. */
void listen_task_start(listen_heard *heard);
/* From the sensor's interrupt: inputs that have come. What there is no room for is lost, and counted. */
void listen_task_put_from_isr(const sensor_value *inputs, uint32_t count);
uint32_t listen_task_lost(void);

#endif
