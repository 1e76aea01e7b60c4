/* task.h - a stand-in for FreeRTOS's, so that the compiler can check the file that uses it. */
#pragma once
#include "FreeRTOS.h"

typedef struct tskTaskControlBlock *TaskHandle_t;
TaskHandle_t xTaskCreateStatic(void (*function)(void *), const char *name, uint32_t stack_words,
                               void *parameter, UBaseType_t priority, StackType_t *stack,
                               StaticTask_t *memory);
void vTaskDelete(TaskHandle_t task);
