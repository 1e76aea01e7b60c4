/*
 * main.c - prints what the model hears or feels in a stream, under Zephyr. A timer's interrupt puts inputs into a
 * message queue, as a driver would; the main thread listens.
 */
#include <listen.h>
#include <zephyr/kernel.h>

enum { PORTIONS = 8 };

typedef struct portion {
    sensor_value inputs[SENSOR_PORTION * SENSOR_WIDTH];
} portion;

K_MSGQ_DEFINE(portions, sizeof(portion), PORTIONS, 4);

static void heard(const char *label, float confidence, uint64_t inputs) {
    printk("%s, confidence %d %%, at input %u\n", label, (int)(100.0f * confidence),
           (unsigned)inputs);
}

/* ---- yours: an interrupt with SENSOR_PORTION inputs; samples are 16 bits at SENSOR_RATE_HZ. Here they are nearly
 * silent. ---- */
static void on_sensor(struct k_timer *timer) {
    static portion made;
    ARG_UNUSED(timer);
    for (uint32_t i = 0; i < SENSOR_PORTION * SENSOR_WIDTH; i++)
        made.inputs[i] = (sensor_value)((i * 7919u) % 41u);
    if (k_msgq_put(&portions, &made, K_NO_WAIT) != 0) printk("lost: too slow\n");
}

K_TIMER_DEFINE(sensor, on_sensor, NULL);

int main(void) {
    static portion taken;
    const char *wrong = listen_begin();
    k_timer_start(&sensor, K_USEC(1000000u * SENSOR_PORTION / SENSOR_RATE_HZ),
                  K_USEC(1000000u * SENSOR_PORTION / SENSOR_RATE_HZ));
    while (!wrong && k_msgq_get(&portions, &taken, K_FOREVER) == 0)
        wrong = listen_to(taken.inputs, SENSOR_PORTION, heard);
    printk("%s\n", wrong ? wrong : "ended");
    return 0;
}
