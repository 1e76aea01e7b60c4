/* stream_buffer.h - a stand-in for FreeRTOS's, so that the compiler can check the file that uses it. */
#pragma once
#include "FreeRTOS.h"

typedef struct StreamBufferDef_t *StreamBufferHandle_t;
typedef struct {
    int unused;
} StaticStreamBuffer_t;
StreamBufferHandle_t xStreamBufferCreateStatic(size_t bytes, size_t trigger, uint8_t *storage,
                                               StaticStreamBuffer_t *memory);
size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void *data, size_t bytes, TickType_t wait);
size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t buffer);
size_t xStreamBufferSendFromISR(StreamBufferHandle_t buffer, const void *data, size_t bytes,
                                BaseType_t *woken);
