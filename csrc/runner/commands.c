/* commands.c - see commands.h. */
#include "commands.h"

#include <string.h>

#include "answers.h"
#include "console.h"
#include "port.h"
#include "report.h"
#include "stream.h"
#include "timing_run.h"

static const char *status_text(mlm_status status) {
    return status == MLM_OK ? 0 : mlm_status_string(status);
}

static const char *run_example(loaded *model) {
    if (model->from.example == 0) return "no example came with the model";
    const char *const wrong = status_text(loaded_run_example(model));
    if (wrong == 0) answer_class(model, 1);
    return wrong;
}

static const char *describe(loaded *model) {
    const mlm_status tested =
        model->info.self_test_inputs == 0 ? MLM_OK : mlm_session_self_test(model->session);
    mlm_session_reset(model->session);
    report_line("self-test",
                model->info.self_test_inputs == 0 ? "none" : mlm_status_string(tested));
    const char *const wrong = model->from.example == 0 ? 0 : run_example(model);
    loaded_find_high_water(model);
    answer_memory(model);
    return wrong ? wrong : status_text(tested);
}

static const char *time_example(loaded *model) {
    if (model->from.example == 0) return "no example came with the model";
    return timing_run(model);
}

void command_start(loaded *model, const char *wrong) {
    answer_board();
    answer_model(wrong ? 0 : model);
    if (wrong == 0) wrong = describe(model);
    if (wrong == 0) wrong = time_example(model);
    if (wrong) answer_status(wrong);
    port_write("ready\n");
}

static const char *inform(loaded *model) {
    answer_board();
    answer_model(model);
    return describe(model);
}

static const char *take_stream(loaded *model, char **words) {
    return stream_values(model, words[1], words[2]);
}

static const char *help(void) {
    port_write(
        "info: board and model; run: the example; report: its timing again; stream N [reset]: N input values follow; "
        "help\n");
    return 0;
}

static const char *answer(loaded *model, const char *wrong, char **words) {
    const char *const command = words[0] ? words[0] : "";
    if (strcmp(command, "help") == 0) return help();
    if (strcmp(command, "info") == 0 && wrong) {
        answer_board();
        answer_model(0);
        return wrong;
    }
    if (strcmp(command, "info") == 0) return inform(model);
    if (strcmp(command, "run") == 0) return wrong ? wrong : run_example(model);
    if (strcmp(command, "report") == 0) return wrong ? wrong : time_example(model);
    if (strcmp(command, "stream") == 0) return wrong ? wrong : take_stream(model, words);
    return "unknown command, try help";
}

void command_obey(loaded *model, const char *wrong, char **words) {
    answer_status(answer(model, wrong, words));
}
