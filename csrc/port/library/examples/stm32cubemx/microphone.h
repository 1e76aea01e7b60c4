/* microphone.h - see microphone.c. */
#ifndef MICROPHONE_H
#define MICROPHONE_H

/* In main.c, USER CODE 2: starts converter, DMA and timer. Null, or what is wrong. */
const char *microphone_begin(void);
/* In the endless loop, USER CODE 3: listens to what has come. Null, or what is wrong. */
const char *microphone_listen(void);

#endif
