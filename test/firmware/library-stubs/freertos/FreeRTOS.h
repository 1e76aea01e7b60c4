/* FreeRTOS.h - a stand-in for FreeRTOS's, so that the compiler can check the file that uses it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef long BaseType_t;
typedef unsigned long UBaseType_t;
typedef uint32_t TickType_t;
typedef uint32_t StackType_t;
typedef struct {
    int unused;
} StaticTask_t;
#define pdFALSE ((BaseType_t)0)
#define portMAX_DELAY ((TickType_t)0xFFFFFFFFu)
#define portYIELD_FROM_ISR(woken) (void)(woken)
#define configASSERT(condition) (void)(condition)
