/* kernel.h - a stand-in for Zephyr's, so that the compiler can check the file that uses it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t ticks;
} k_timeout_t;
struct k_timer {
    int unused;
};
struct k_msgq {
    int unused;
};
#define ARG_UNUSED(argument) (void)(argument)
#define K_NO_WAIT ((k_timeout_t){0})
#define K_FOREVER ((k_timeout_t){-1})
#define K_USEC(time) ((k_timeout_t){time})
#define K_MSGQ_DEFINE(name, size, count, alignment) struct k_msgq name
#define K_TIMER_DEFINE(name, expiry, stop) \
    struct k_timer name;                   \
    void (*const name##_expiry)(struct k_timer *) = expiry

int k_msgq_put(struct k_msgq *queue, const void *data, k_timeout_t timeout);
int k_msgq_get(struct k_msgq *queue, void *data, k_timeout_t timeout);
void k_timer_start(struct k_timer *timer, k_timeout_t first, k_timeout_t period);
void printk(const char *format, ...);
