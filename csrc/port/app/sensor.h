/*
 * sensor.h - inputs as a sensor gives them, on their way to the model: an interrupt puts them into a ring, the
 * program takes them out. One source goes into a program, sensor-simulated.c or one of those beside it; sensor.c
 * knows none of them. sensor_format.h says what an input is.
 */
#ifndef MLM_SENSOR_H
#define MLM_SENSOR_H

#include <stdint.h>

#include "sensor_format.h"

/* ---- of the source ------------------------------------------------------------------------------- */

/* Begins to fill the ring. 0, or a number that says what went wrong. */
int sensor_start(void);

/* ---- for the source, in an interrupt or in one task ----------------------------------------------- */

/* Inputs that the ring has room for. */
uint32_t sensor_room(void);
/* Puts `count` inputs, [count][SENSOR_WIDTH], into the ring; what there is no room for is lost, and counted. */
void sensor_put(const sensor_value *inputs, uint32_t count);
/* No more will come: of a simulated sensor only. */
void sensor_end(void);

/* ---- for the program ------------------------------------------------------------------------------ */

/* Waits for inputs and takes at most `most` of them, SENSOR_PORTION at most; 0: the sensor has ended. */
uint32_t sensor_read(sensor_value *inputs, uint32_t most);
/* The same inputs as the model takes them: samples of 16 bits become floats here where its front end is one of
 * floats. Good until the next call. */
const void *sensor_for_model(const sensor_value *inputs, uint32_t count);
/* Inputs that came while the ring was full: the program was too slow for them. */
uint32_t sensor_lost(void);

#endif
