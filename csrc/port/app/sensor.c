/*
 * sensor.c - the ring between a sensor and the program, see sensor.h. One side writes `written`, the other one
 * `taken`, both without a lock; that either is an interrupt, or another core, makes no difference.
 */
#include "sensor.h"

#include <stdatomic.h>
#include <string.h>

#include "port.h"

/* Counts wrap at 2^32, of which the ring is a divisor. */
_Static_assert((SENSOR_RING_INPUTS & (SENSOR_RING_INPUTS - 1)) == 0, "a power of two");
_Static_assert(SENSOR_PORTION <= SENSOR_RING_INPUTS, "a portion fits the ring");

static sensor_value ring[SENSOR_RING_INPUTS * SENSOR_WIDTH];
static _Atomic uint32_t written, taken, lost, ended;

static uint32_t waiting(void) {
    return atomic_load_explicit(&written, memory_order_acquire) -
           atomic_load_explicit(&taken, memory_order_acquire);
}

/* At most two stretches: up to the end of the ring, and from its start. */
static uint32_t stretch(uint32_t at, uint32_t count) {
    const uint32_t left = SENSOR_RING_INPUTS - at % SENSOR_RING_INPUTS;
    return count < left ? count : left;
}

static sensor_value *place(uint32_t at) { return ring + at % SENSOR_RING_INPUTS * SENSOR_WIDTH; }

enum { INPUT_BYTES = SENSOR_WIDTH * sizeof(sensor_value) };

uint32_t sensor_room(void) { return SENSOR_RING_INPUTS - waiting(); }

void sensor_put(const sensor_value *inputs, uint32_t count) {
    const uint32_t room = sensor_room(), now = count < room ? count : room;
    const uint32_t at = atomic_load_explicit(&written, memory_order_relaxed);
    const uint32_t first = stretch(at, now);
    memcpy(place(at), inputs, first * INPUT_BYTES);
    memcpy(place(at + first), inputs + first * SENSOR_WIDTH, (now - first) * INPUT_BYTES);
    atomic_store_explicit(&written, at + now, memory_order_release);
    if (now < count)
        atomic_store_explicit(&lost,
                              atomic_load_explicit(&lost, memory_order_relaxed) + count - now,
                              memory_order_relaxed);
}

void sensor_end(void) { atomic_store_explicit(&ended, 1, memory_order_release); }

/* Ended first: what was put before that is seen then. */
static int has_news(void) {
    return atomic_load_explicit(&ended, memory_order_acquire) || waiting() > 0;
}

uint32_t sensor_read(sensor_value *inputs, uint32_t most) {
    port_wait_until(has_news);
    const uint32_t there = waiting(), wanted = most < SENSOR_PORTION ? most : SENSOR_PORTION;
    const uint32_t count = wanted < there ? wanted : there;
    const uint32_t at = atomic_load_explicit(&taken, memory_order_relaxed);
    const uint32_t first = stretch(at, count);
    memcpy(inputs, place(at), first * INPUT_BYTES);
    memcpy(inputs + first * SENSOR_WIDTH, place(at + first), (count - first) * INPUT_BYTES);
    atomic_store_explicit(&taken, at + count, memory_order_release);
    return count;
}

const void *sensor_for_model(const sensor_value *inputs, uint32_t count) {
#if SENSOR_MAKES_FLOATS
    static float floats[SENSOR_PORTION];
    for (uint32_t i = 0; i < count; i++) floats[i] = (float)inputs[i] / 32768.0f;
    return floats;
#else
    (void)count;
    return inputs;
#endif
}

uint32_t sensor_lost(void) { return atomic_load_explicit(&lost, memory_order_relaxed); }
