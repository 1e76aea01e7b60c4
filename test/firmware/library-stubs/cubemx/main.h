/* main.h - a stand-in for what STM32CubeMX generates over ST's HAL, so that the compiler can check the file that uses
 * it. */
#pragma once
#include <stdint.h>

typedef struct {
    int unused;
} ADC_HandleTypeDef, TIM_HandleTypeDef;
typedef enum { HAL_OK, HAL_ERROR } HAL_StatusTypeDef;
void HAL_ADC_ConvHalfCpltCallback(ADC_HandleTypeDef *adc);
void HAL_ADC_ConvCpltCallback(ADC_HandleTypeDef *adc);
HAL_StatusTypeDef HAL_ADC_Start_DMA(ADC_HandleTypeDef *adc, uint32_t *data, uint32_t length);
HAL_StatusTypeDef HAL_TIM_Base_Start(TIM_HandleTypeDef *timer);
void SCB_InvalidateDCache_by_Addr(volatile void *address, int32_t bytes);
