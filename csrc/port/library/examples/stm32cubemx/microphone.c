/*
 * microphone.c - the model's detector in a project of STM32CubeMX with ST's HAL: ADC1 with circular DMA, started by a
 * timer; both are set up in CubeMX (README.md).
 */
#include "microphone.h"

#include "listen.h"
#include "main.h"

_Static_assert(sizeof(sensor_value) == sizeof(int16_t) && SENSOR_WIDTH == 1,
               "a converter is for a model of samples of 16 bits");

extern ADC_HandleTypeDef hadc1;
extern TIM_HandleTypeDef htim6;

enum { HALVES = 2, MIDDLE = 32768 };

/* CubeMX's linker script must put it where DMA1 reaches, which DTCM is not; lines of the cache are 32 bytes. */
__attribute__((section(".dma_buffer"), aligned(32))) static uint16_t taken[HALVES * SENSOR_PORTION];
static volatile uint32_t come, gone; /* halves */

void HAL_ADC_ConvHalfCpltCallback(ADC_HandleTypeDef *adc) {
    if (adc == &hadc1) come++;
}

void HAL_ADC_ConvCpltCallback(ADC_HandleTypeDef *adc) {
    if (adc == &hadc1) come++;
}

/* Yours: what becomes of what is heard. */
static void heard(const char *label, float confidence, uint64_t inputs) {
    (void)label;
    (void)confidence;
    (void)inputs;
}

const char *microphone_begin(void) {
    const char *const wrong = listen_begin();
    if (wrong) return wrong;
    if (HAL_ADC_Start_DMA(&hadc1, (uint32_t *)(void *)taken, HALVES * SENSOR_PORTION) != HAL_OK)
        return "the converter does not start";
    return HAL_TIM_Base_Start(&htim6) == HAL_OK ? 0 : "the timer does not start";
}

const char *microphone_listen(void) {
    static sensor_value samples[SENSOR_PORTION];
    if (come == gone) return 0;
    if (come - gone > 1) return "too slow: samples were lost";
    const uint16_t *const half = taken + gone % HALVES * SENSOR_PORTION;
    SCB_InvalidateDCache_by_Addr((void *)(uintptr_t)half, SENSOR_PORTION * sizeof *half);
    for (uint32_t i = 0; i < SENSOR_PORTION; i++)
        samples[i] = (sensor_value)((int32_t)half[i] - MIDDLE);
    gone++;
    return listen_to(samples, SENSOR_PORTION, heard);
}
