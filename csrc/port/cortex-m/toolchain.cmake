# Bare @CORE@ with gcc. MAMBALITE_FPU is what comes behind -mfpu= (d16: double precision, sp-d16: single
# precision only), or soft where there is no FPU.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR @CPU@)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(MAMBALITE_FPU @FPU@ CACHE STRING "@FPUS@")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MAMBALITE_FPU)
set(machine "-mcpu=@CPU@ -mthumb")
if(MAMBALITE_FPU STREQUAL "soft")
    string(APPEND machine " -mfloat-abi=soft")
else()
    string(APPEND machine " -mfloat-abi=hard -mfpu=${MAMBALITE_FPU}")
endif()
set(CMAKE_C_FLAGS_INIT "${machine}")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
