/*
 * image_def.c - by which the RP2350's boot ROM knows a program for its Arm cores (RP2350 Datasheet, 5.9.5: a block of one
 * IMAGE_DEF item in the image's first 4 KB, a loop by itself). It enters by the vector table at the image's beginning,
 * behind which memory.ld puts this.
 */
#include <stdint.h>

#define BLOCK_BEGINS 0xFFFFDED3u
/* Item 0x42, IMAGE_TYPE, 1 word; EXE (1), Secure (2 << 4), Arm, RP2350 (1 << 12). */
#define IMAGE_TYPE_ARM_SECURE 0x10210142u
/* Item 0xFF ends the list: 1 word lies before it. */
#define LAST_ITEM 0x000001FFu
#define NEXT_BLOCK_ITSELF 0u
#define BLOCK_ENDS 0xAB123579u

__attribute__((used, section(".image_def"))) static const uint32_t image_def[] = {
    BLOCK_BEGINS, IMAGE_TYPE_ARM_SECURE, LAST_ITEM, NEXT_BLOCK_ITSELF, BLOCK_ENDS,
};
