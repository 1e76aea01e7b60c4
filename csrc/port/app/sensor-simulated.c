/*
 * sensor-simulated.c - a sensor that is not there: a timer's interrupt puts the example's inputs into the ring, as
 * many at a time as a sensor would, once. It waits where the ring is full, which no sensor does.
 */
#include "example.h"
#include "port.h"
#include "sensor.h"

/* ---- change this for a sensor of yours: from here ------------------------------------------------------
 * An interrupt, of a timer, a converter or a DMA, calls sensor_put with what has come; sensor_start sets it up.
 * Nothing else of the project needs to change. */

enum { INTERRUPTS_A_SECOND = 100 };

static uint32_t played;

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void on_interrupt(void) {
    const uint32_t due = (SENSOR_RATE_HZ + INTERRUPTS_A_SECOND - 1) / INTERRUPTS_A_SECOND;
    const uint32_t count = least(least(due, EXAMPLE_LENGTH - played), sensor_room());
    const sensor_value *const inputs = (const sensor_value *)(const void *)example_input;
    sensor_put(inputs + played * SENSOR_WIDTH, count);
    played += count;
    if (played == EXAMPLE_LENGTH) sensor_end();
}

int sensor_start(void) {
    port_every(INTERRUPTS_A_SECOND, on_interrupt);
    return 0;
}

/* ---- to here ------------------------------------------------------------------------------------------- */
