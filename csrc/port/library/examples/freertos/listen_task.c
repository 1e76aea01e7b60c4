/*
 * listen_task.c - the model's detector in a task of FreeRTOS 10 or later: an interrupt sends inputs through a stream buffer,
 * the task sleeps until there is a portion of them. All memory is static (configSUPPORT_STATIC_ALLOCATION).
 */
#include "listen_task.h"

#include "FreeRTOS.h"
#include "stream_buffer.h"
#include "task.h"

enum {
    STACK_WORDS = 1024, /* of StackType_t; the library itself needs less than 1,536 bytes */
    PRIORITY = 2,
    INPUT_BYTES = SENSOR_WIDTH * sizeof(sensor_value),
    PORTION_BYTES = SENSOR_PORTION * INPUT_BYTES,
    ROOM = SENSOR_RING_INPUTS * INPUT_BYTES
};

static StaticTask_t task_memory;
static StackType_t stack[STACK_WORDS];
static StaticStreamBuffer_t buffer_memory;
static uint8_t storage[ROOM + 1];
static StreamBufferHandle_t waiting;
static volatile uint32_t lost;

static void listen_task(void *heard) {
    static sensor_value inputs[SENSOR_PORTION * SENSOR_WIDTH];
    const char *wrong = listen_begin();
    while (!wrong) {
        const size_t bytes = xStreamBufferReceive(waiting, inputs, PORTION_BYTES, portMAX_DELAY);
        wrong = listen_to(inputs, (uint32_t)(bytes / INPUT_BYTES), (listen_heard *)heard);
    }
    configASSERT(!wrong);
    vTaskDelete(NULL);
}

void listen_task_start(listen_heard *heard) {
    waiting = xStreamBufferCreateStatic(ROOM, PORTION_BYTES, storage, &buffer_memory);
    xTaskCreateStatic(listen_task, "listen", STACK_WORDS, (void *)heard, PRIORITY, stack,
                      &task_memory);
}

void listen_task_put_from_isr(const sensor_value *inputs, uint32_t count) {
    BaseType_t woken = pdFALSE;
    /* Whole inputs only. */
    const size_t room = xStreamBufferSpacesAvailable(waiting) / INPUT_BYTES;
    const uint32_t now = count < room ? count : (uint32_t)room;
    xStreamBufferSendFromISR(waiting, inputs, now * INPUT_BYTES, &woken);
    lost += count - now;
    portYIELD_FROM_ISR(woken);
}

uint32_t listen_task_lost(void) { return lost; }
