/*
 * mlm_detector.h - a stream that never ends: what is heard or felt in it, and when. Stands on mlm.h and keeps
 * its rules: the caller owns every byte, nothing is allocated, a function that fails changes nothing.
 *
 * A session sees one sequence; a detector sees a stream of any length, and answers every `hop` frames. There
 * are two ways to it:
 *
 *  - *running*: the model's output is a sequence of probabilities, made from the last frames at every hop
 *    (`mambalite convert --running` makes such a blob). One pass, the recurrent state is never reset.
 *  - *exact*: the model sees each window of frames as it saw sequences in training, from an empty state. It runs
 *    window / hop times as often. Frames are computed once, by `front`, and the last window of them is kept.
 *
 *     static mlm_arena_block memory[MLM_ARENA_BLOCKS(DETECTOR_BYTES)];  // mlm_detector_bytes
 *     static void heard(void *context, const mlm_detection *what) { use(what->label, what->confidence); }
 *
 *     mlm_detector *detector;
 *     mlm_status status = mlm_detector_init(&detector, &options, memory, sizeof memory);
 *     while (status == MLM_OK) {
 *         const uint32_t count = wait_for_samples(samples);            // any number
 *         status = mlm_detector_push(detector, samples, count, heard, 0);
 *     }
 */
#ifndef MLM_DETECTOR_H
#define MLM_DETECTOR_H

#include "mlm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what becomes of answers --------------------------------------------------------------- */

/*
 * An answer is a row of probabilities. The last `smooth` of them are averaged: added from the oldest to the
 * newest, then divided by their number. The class with the largest average, the first one of equals, fires where
 * it reaches its threshold, unless it has fired within the last `hold_off` answers.
 */
typedef struct mlm_events_options {
    uint32_t classes;        /* probabilities in an answer, >= 1 */
    uint32_t smooth;         /* >= 1, <= MLM_MOST_SMOOTH */
    uint32_t hold_off;       /* answers */
    const float *thresholds; /* [classes], copied; one above 1 never fires */
} mlm_events_options;

#define MLM_MOST_SMOOTH 64u

/* What has fired. */
typedef struct mlm_detection {
    uint32_t label;   /* the class */
    float confidence; /* its average */
    uint64_t
        inputs; /* frames or samples of the stream, up to the end of what the answer was made from */
} mlm_detection;

typedef struct mlm_events mlm_events;

/* Errors: ARGUMENT. */
mlm_status mlm_events_bytes(const mlm_events_options *options, uint32_t *bytes);
/* Makes it inside `memory`, aligned to MLM_ALIGNMENT. Errors: ARGUMENT, ALIGNMENT, ARENA_TOO_SMALL. */
mlm_status mlm_events_init(mlm_events **events, const mlm_events_options *options, void *memory,
                           size_t bytes);
void mlm_events_reset(mlm_events *events);
/* Takes an answer; returns 1 and writes label and confidence where a class fires, else 0. */
uint32_t mlm_events_take(mlm_events *events, const float *probabilities, mlm_detection *detection);
/* The averages of the last answer, [classes]. */
const float *mlm_events_averages(const mlm_events *events);

/* ---- a session without end ----------------------------------------------------------------- */

/*
 * A session counts inputs in 32 bits. This lets it forget some of them, a number that no op can tell, and
 * returns it: call it now and then and a session whose outputs are sequences goes on for ever. 0 where there
 * were too few, and where the model needs to know how many there were (a pool over all of them, positions).
 */
uint32_t mlm_session_forget(mlm_session *session);
/* Whether sessions of this model go on for ever so. */
int mlm_model_is_endless(const mlm_model *model);

/* ---- detectors ----------------------------------------------------------------------------- */

typedef struct mlm_detector_options {
    const mlm_model
        *model; /* running: output 0 is a sequence; exact: of frames, output 0 is a vector */
    const mlm_model
        *front; /* exact: makes the model's frames of the inputs; null where they come as frames */
    uint32_t tile;        /* frames processed together, >= 1 */
    uint32_t window, hop; /* exact: frames, 1 <= hop <= window. Running: 0 */
    uint32_t smooth,
        hold_off; /* as in mlm_events_options, whose classes are the width of output 0 */
    const float *thresholds;
} mlm_detector_options;

typedef struct mlm_detector mlm_detector;

/* Bytes of memory that such a detector needs, all of it, exactly.
 * Errors: ARGUMENT (also a model that is of another form), FRAMES (it does not go on for ever), TOO_LARGE. */
mlm_status mlm_detector_bytes(const mlm_detector_options *options, uint32_t *bytes);
/* Makes it inside `memory`. The models, not their mlm_model, must outlive it.
 * Errors: as mlm_detector_bytes; ALIGNMENT, ARENA_TOO_SMALL. */
mlm_status mlm_detector_init(mlm_detector **detector, const mlm_detector_options *options,
                             void *memory, size_t bytes);
/* As if nothing had been pushed. */
void mlm_detector_reset(mlm_detector *detector);

typedef void mlm_on_detection(void *context, const mlm_detection *detection);

/*
 * Takes `count` further inputs, as mlm_session_push does: any number, in any portions, for ever; the same events,
 * bit for bit, however they are cut. Calls on_event, which may be null, for each event. At most one hop is
 * computed between two looks at the inputs, which in exact mode is a whole window.
 * Floats must be finite, which is not checked: a NaN stays in a recurrent state that is never reset.
 * Errors: ARGUMENT, TOKEN; the inputs before the portion that is wrong have been taken then.
 */
mlm_status mlm_detector_push(mlm_detector *detector, const void *inputs, uint32_t count,
                             mlm_on_detection *on_event, void *context);

/* Most inputs of a push that make at most one answer: a cooperative scheduler pushes so many and yields. */
uint32_t mlm_detector_step_inputs(const mlm_detector *detector);
/* Answers so far; the averages of the last one, [classes], all 0 before it. */
uint64_t mlm_detector_answers(const mlm_detector *detector);
const float *mlm_detector_averages(const mlm_detector *detector);

/* The state as bytes, to go on later in a detector of the same options. */
uint32_t mlm_detector_state_bytes(const mlm_detector *detector);
/* Errors: ARGUMENT (another number of bytes). */
mlm_status mlm_detector_save_state(const mlm_detector *detector, void *state, size_t bytes);
/* Errors: ARGUMENT, STATE (damaged, or of other models or options). */
mlm_status mlm_detector_load_state(mlm_detector *detector, const void *state, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
