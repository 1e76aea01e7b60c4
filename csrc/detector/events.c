/*
 * events.c - what becomes of answers: averages, thresholds, and classes that are held off. Knows nothing of
 * models or of time.
 */
#include <string.h>

#include "mlm_detector.h"

/* Lies at the start of its memory, followed by thresholds[classes], averages[classes], held[classes] and
 * answers[smooth][classes]. */
struct mlm_events {
    uint32_t classes, smooth, hold_off;
    uint32_t taken; /* answers that are kept, at most smooth */
    uint32_t next;  /* where the next one goes */
    uint32_t reserved[3];
};

static float *thresholds_of(const mlm_events *events) { return (float *)(uintptr_t)(events + 1); }
static float *averages_of(const mlm_events *events) {
    return thresholds_of(events) + events->classes;
}
/* Answers for which a class is still held off. */
static uint32_t *held_of(const mlm_events *events) {
    return (uint32_t *)(void *)(averages_of(events) + events->classes);
}
static float *answers_of(const mlm_events *events) {
    return (float *)(void *)(held_of(events) + events->classes);
}

enum { ROWS_BESIDE = 3, MOST_CLASSES = 1 << 20 };

mlm_status mlm_events_bytes(const mlm_events_options *options, uint32_t *bytes) {
    if (!options || !bytes || !options->thresholds) return MLM_ERR_ARGUMENT;
    if (options->classes < 1 || options->classes > MOST_CLASSES) return MLM_ERR_ARGUMENT;
    if (options->smooth < 1 || options->smooth > MLM_MOST_SMOOTH) return MLM_ERR_ARGUMENT;
    for (uint32_t i = 0; i < options->classes; i++)
        if (!(options->thresholds[i] > 0.0f)) return MLM_ERR_ARGUMENT; /* a NaN among them */
    const uint32_t words = options->classes * (ROWS_BESIDE + options->smooth);
    *bytes = (uint32_t)sizeof(mlm_events) + ((words + 3u) & ~3u) * 4u;
    return MLM_OK;
}

mlm_status mlm_events_init(mlm_events **events, const mlm_events_options *options, void *memory,
                           size_t bytes) {
    uint32_t needed;
    if (!events || !memory) return MLM_ERR_ARGUMENT;
    const mlm_status status = mlm_events_bytes(options, &needed);
    if (status != MLM_OK) return status;
    if ((uintptr_t)memory % MLM_ALIGNMENT != 0) return MLM_ERR_ALIGNMENT;
    if (bytes < needed) return MLM_ERR_ARENA_TOO_SMALL;
    mlm_events *made = memory;
    *made = (mlm_events){options->classes, options->smooth, options->hold_off, 0, 0, {0, 0, 0}};
    memcpy(thresholds_of(made), options->thresholds, options->classes * sizeof(float));
    mlm_events_reset(made);
    *events = made;
    return MLM_OK;
}

void mlm_events_reset(mlm_events *events) {
    events->taken = events->next = 0;
    memset(averages_of(events), 0,
           (ROWS_BESIDE - 1 + events->smooth) * events->classes * sizeof(float));
}

const float *mlm_events_averages(const mlm_events *events) { return averages_of(events); }

/* From the oldest answer to the newest. */
static float average(const mlm_events *events, uint32_t class) {
    uint32_t row = events->taken < events->smooth ? 0 : events->next;
    float sum = 0.0f;
    for (uint32_t i = 0; i < events->taken; i++) {
        sum += answers_of(events)[row * events->classes + class];
        row = row + 1 == events->smooth ? 0 : row + 1;
    }
    return sum / (float)events->taken;
}

uint32_t mlm_events_take(mlm_events *events, const float *probabilities, mlm_detection *detection) {
    float *averages = averages_of(events);
    uint32_t *held = held_of(events), best = 0;
    memcpy(answers_of(events) + events->next * events->classes, probabilities,
           events->classes * sizeof(float));
    events->next = events->next + 1 == events->smooth ? 0 : events->next + 1;
    if (events->taken < events->smooth) events->taken++;
    for (uint32_t i = 0; i < events->classes; i++) {
        averages[i] = average(events, i);
        if (averages[i] > averages[best]) best = i;
    }
    const int fires = averages[best] >= thresholds_of(events)[best] && held[best] == 0;
    for (uint32_t i = 0; i < events->classes; i++) held[i] -= held[i] > 0;
    if (!fires) return 0;
    held[best] = events->hold_off;
    detection->label = best;
    detection->confidence = averages[best];
    return 1;
}
