# Bare 32-bit RISC-V with gcc and picolibc. MAMBALITE_ISA is rv32imafc (single-precision FPU, as in the
# ESP32-P4) or rv32imc (no FPU, as in the ESP32-C3).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(MAMBALITE_ISA rv32imafc CACHE STRING "rv32imafc or rv32imc")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MAMBALITE_ISA)
if(MAMBALITE_ISA MATCHES "f")
    set(machine "-march=${MAMBALITE_ISA} -mabi=ilp32f")
else()
    set(machine "-march=${MAMBALITE_ISA} -mabi=ilp32")
endif()
set(CMAKE_C_FLAGS_INIT "${machine} -mcmodel=medany --specs=picolibc.specs")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
