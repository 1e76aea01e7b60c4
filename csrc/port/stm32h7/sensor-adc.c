/*
 * sensor-adc.c - an analogue microphone or sensor on PC0 of an STM32H743: TIM6 starts a conversion of ADC1 for each
 * sample, DMA1 writes 16 bits into a ring of two halves, and its interrupt, at each half, puts them into the
 * program's. Written from ST's RM0433; compiled and linked, not run on silicon.
 */
#include "sensor.h"
#include "startup.h"
#include "stm32h743-clock.h"

_Static_assert(sizeof(sensor_value) == sizeof(int16_t) && SENSOR_WIDTH == 1,
               "a converter is for a model of samples of 16 bits");

#define RCC_AHB1ENR 0x580244D8u
#define RCC_AHB1ENR_DMA1_ADC12 (1u << 5 | 1u << 0)
#define RCC_AHB2ENR 0x580244DCu
#define RCC_AHB2ENR_SRAM1 (1u << 29)
#define RCC_AHB4ENR 0x580244E0u
#define RCC_AHB4ENR_GPIOC (1u << 2)
#define RCC_APB1LENR 0x580244E8u
#define RCC_APB1LENR_TIM6 (1u << 4)
/* ADCSEL: per_ck, which is HSI out of reset, 64 MHz. */
#define RCC_D3CCIPR 0x58024458u
#define RCC_D3CCIPR_ADC_FROM_PER (2u << 16)
#define GPIOC_MODER 0x58020800u
#define GPIOC_MODER_PC0_ANALOG 3u

#define ADC1_ISR 0x40022000u
#define ADC1_ISR_READY (1u << 0)
#define ADC1_ISR_REGULATOR (1u << 12)
#define ADC1_CR 0x40022008u
#define ADC1_CR_ENABLE (1u << 0)
#define ADC1_CR_START (1u << 2)
#define ADC1_CR_BOOST (2u << 8)
#define ADC1_CR_REGULATOR (1u << 28)
#define ADC1_CR_CALIBRATE (1u << 31 | 1u << 16)
#define ADC1_CFGR 0x4002200Cu
/* TIM6_TRGO's rising edge (EXTSEL 13, EXTEN 1), the newest value on an overrun, DMA that goes round; 16 bits. */
#define ADC1_CFGR_BY_TIM6_TO_DMA (1u << 12 | 1u << 10 | 13u << 5 | 3u << 0)
#define ADC1_SMPR2 0x40022018u
#define ADC1_SMPR2_CHANNEL_10_64_CYCLES 5u
#define ADC1_PCSEL 0x4002201Cu
#define ADC1_SQR1 0x40022030u
#define ADC1_DR 0x40022040u
#define ADC12_CCR 0x40022308u
#define ADC12_CCR_BY_4 (2u << 18)
enum { CHANNEL = 10 /* PC0 */ };

#define DMA1_LISR 0x40020000u
#define DMA1_LIFCR 0x40020008u
#define DMA1_HALF (1u << 4)
#define DMA1_WHOLE (1u << 5)
#define DMA1_ALL 0x3Du
#define DMA1_S0CR 0x40020010u
/* 16 bits from one register to memory, round and round, an interrupt at each half. */
#define DMA1_S0CR_RING (1u << 13 | 1u << 11 | 1u << 10 | 1u << 8 | 1u << 4 | 1u << 3)
#define DMA1_S0CR_ENABLE 1u
#define DMA1_S0NDTR 0x40020014u
#define DMA1_S0PAR 0x40020018u
#define DMA1_S0M0AR 0x4002001Cu
#define DMAMUX1_C0CR 0x40020800u
enum { DMAMUX1_ADC1 = 9, DMA1_STREAM0 = 11 /* in the NVIC */ };

#define TIM6_CR1 0x40001000u
#define TIM6_CR2 0x40001004u
#define TIM6_CR2_TRGO_ON_UPDATE (2u << 4)
#define TIM6_PSC 0x40001028u
#define TIM6_ARR 0x4000102Cu
#define TIM6_MOST (1u << 16)

#define NVIC_ISER0 0xE000E100u
#define SCB_DCIMVAC 0xE000EF5Cu
enum { CACHE_LINE = 32, PATIENCE = 1000000, MIDDLE = 32768 };

/* A portion in samples, and what fills the last line of the cache. */
enum {
    LINE_SAMPLES = CACHE_LINE / sizeof(uint16_t),
    HALF = (SENSOR_PORTION + LINE_SAMPLES - 1) / LINE_SAMPLES * LINE_SAMPLES
};

/* In SRAM1 of domain D2: DMA1 does not reach DTCM. */
__attribute__((section(".bss.mambalite.dma"), aligned(CACHE_LINE))) static uint16_t taken[2 * HALF];

_Static_assert(SENSOR_RING_INPUTS >= 2 * HALF, "the program's ring holds what the DMA's does");

static int becomes(uint32_t address, uint32_t mask, uint32_t value) {
    for (int i = 0; i < PATIENCE; i++)
        if ((REGISTER(address) & mask) == value) return 1;
    return 0;
}

/* What the DMA has written behind the cache's back. */
static void forget_cached(const uint16_t *half) {
    for (uint32_t at = 0; at < HALF * sizeof *half; at += CACHE_LINE)
        REGISTER(SCB_DCIMVAC) = (uint32_t)(uintptr_t)half + at;
    __asm__ volatile("dsb" ::: "memory");
}

static void put_half(const uint16_t *half) {
    static sensor_value samples[HALF];
    forget_cached(half);
    for (uint32_t i = 0; i < HALF; i++) samples[i] = (sensor_value)((int32_t)half[i] - MIDDLE);
    sensor_put(samples, HALF);
}

void DMA1_Stream0_IRQHandler(void);
void DMA1_Stream0_IRQHandler(void) {
    const uint32_t flags = REGISTER(DMA1_LISR) & DMA1_ALL;
    REGISTER(DMA1_LIFCR) = flags;
    if (flags & DMA1_HALF) put_half(taken);
    if (flags & DMA1_WHOLE) put_half(taken + HALF);
}

static void start_clocks(void) {
    REGISTER(RCC_AHB1ENR) |= RCC_AHB1ENR_DMA1_ADC12;
    REGISTER(RCC_AHB2ENR) |= RCC_AHB2ENR_SRAM1;
    REGISTER(RCC_AHB4ENR) |= RCC_AHB4ENR_GPIOC;
    REGISTER(RCC_APB1LENR) |= RCC_APB1LENR_TIM6;
    REGISTER(RCC_D3CCIPR) |= RCC_D3CCIPR_ADC_FROM_PER;
    (void)REGISTER(RCC_APB1LENR); /* clocks run two cycles after the write */
    REGISTER(GPIOC_MODER) |= GPIOC_MODER_PC0_ANALOG;
}

/* Out of deep power-down, calibrated, on (RM0433, ADC, "ADC on-off control"). */
static int start_converter(void) {
    REGISTER(ADC12_CCR) = ADC12_CCR_BY_4;
    REGISTER(ADC1_CR) = 0;
    REGISTER(ADC1_CR) = ADC1_CR_REGULATOR | ADC1_CR_BOOST;
    if (!becomes(ADC1_ISR, ADC1_ISR_REGULATOR, ADC1_ISR_REGULATOR)) return 0;
    REGISTER(ADC1_CR) |= ADC1_CR_CALIBRATE;
    if (!becomes(ADC1_CR, 1u << 31, 0)) return 0;
    REGISTER(ADC1_ISR) = ADC1_ISR_READY;
    REGISTER(ADC1_CR) |= ADC1_CR_ENABLE;
    if (!becomes(ADC1_ISR, ADC1_ISR_READY, ADC1_ISR_READY)) return 0;
    REGISTER(ADC1_PCSEL) = 1u << CHANNEL;
    REGISTER(ADC1_SMPR2) = ADC1_SMPR2_CHANNEL_10_64_CYCLES;
    REGISTER(ADC1_SQR1) = CHANNEL << 6;
    REGISTER(ADC1_CFGR) = ADC1_CFGR_BY_TIM6_TO_DMA;
    return 1;
}

static void start_dma(void) {
    REGISTER(DMA1_LIFCR) = DMA1_ALL;
    REGISTER(DMAMUX1_C0CR) = DMAMUX1_ADC1;
    REGISTER(DMA1_S0PAR) = ADC1_DR;
    REGISTER(DMA1_S0M0AR) = (uint32_t)(uintptr_t)taken;
    REGISTER(DMA1_S0NDTR) = 2 * HALF;
    REGISTER(NVIC_ISER0) = 1u << DMA1_STREAM0;
    REGISTER(DMA1_S0CR) = DMA1_S0CR_RING | DMA1_S0CR_ENABLE;
}

/* Timers of APB1 get half of the core's clock, or all of it where no bus is divided: stm32h743-clock.c. */
static void start_timer(void) {
    const uint32_t core_hz = machine_clock_hz();
    const uint32_t hz = core_hz == HSI_HZ ? core_hz : core_hz / 2;
    const uint32_t cycles = hz / SENSOR_RATE_HZ;
    const uint32_t divider = (cycles + TIM6_MOST - 1) / TIM6_MOST; /* the timer has 16 bits */
    REGISTER(TIM6_PSC) = divider - 1;
    REGISTER(TIM6_ARR) = cycles / divider - 1;
    REGISTER(TIM6_CR2) = TIM6_CR2_TRGO_ON_UPDATE;
    REGISTER(TIM6_CR1) = 1;
}

int sensor_start(void) {
    start_clocks();
    if (!start_converter()) return 1;
    start_dma();
    REGISTER(ADC1_CR) |= ADC1_CR_START;
    start_timer();
    return 0;
}
