# Bare Cortex-M7 with gcc. MAMBALITE_FPU is what comes behind -mfpu=: fpv5-d16 (double precision, as in
# the STM32H7) or fpv5-sp-d16 (single precision only).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m7)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(MAMBALITE_FPU fpv5-d16 CACHE STRING "fpv5-d16 or fpv5-sp-d16")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MAMBALITE_FPU)
set(machine "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=${MAMBALITE_FPU}")
set(CMAKE_C_FLAGS_INIT "${machine}")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
