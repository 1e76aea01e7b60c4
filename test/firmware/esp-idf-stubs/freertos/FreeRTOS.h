/* FreeRTOS.h - a stand-in for ESP-IDF's, so that the compiler can check the file that uses it. */
#pragma once
#include <stdint.h>

typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint32_t TickType_t;
#define pdPASS ((BaseType_t)1)
#define portMAX_DELAY ((TickType_t)0xFFFFFFFFu)
