# The core and the model as a library, with the flags that its bits depend on: products and sums are
# rounded one by one (-ffp-contract=off), never with -ffast-math.

file(GLOB MAMBALITE_SOURCES CONFIGURE_DEPENDS src/core/*.c src/kernels/*.c src/*.c)
add_library(mambalite STATIC ${MAMBALITE_SOURCES})
target_include_directories(mambalite PUBLIC src)
target_compile_options(mambalite PRIVATE
    @CORE_FLAGS@ -ffunction-sections -fdata-sections @CORE_WARNINGS@)

# What a run spends its time in is compiled for speed, everything else for size.
set(MAMBALITE_HOT @CORE_HOT@)
foreach(SOURCE ${MAMBALITE_SOURCES})
    get_filename_component(NAME ${SOURCE} NAME)
    if(NOT NAME IN_LIST MAMBALITE_HOT)
        set_source_files_properties(${SOURCE} PROPERTIES COMPILE_OPTIONS -Os)
    endif()
endforeach()

# The program: everything in port/, of which the machine names its own files.
function(mambalite_program name)
    add_executable(${name} port/print.c ${ARGN})
    target_compile_options(${name} PRIVATE
        @PROGRAM_FLAGS@ -ffunction-sections -fdata-sections @CORE_WARNINGS@)
    target_include_directories(${name} PRIVATE port)
    target_link_libraries(${name} PRIVATE mambalite)
    set_source_files_properties(port/harness.c PROPERTIES COMPILE_OPTIONS -Os)
    set_source_files_properties(port/inputs.S PROPERTIES
        OBJECT_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/port/inputs.bin)
endfunction()
