/*
 * fuzz_facts.h - what fuzz_model requires of every model that the core accepts before it runs it.
 */
#ifndef FUZZ_FACTS_H
#define FUZZ_FACTS_H

#include "mlm_inspect.h"

/* Aborts, with a line that says where, when a promise of mlm.h does not hold. */
#define REQUIRE(condition) require(!!(condition), #condition, __FILE__, __LINE__)
void require(int ok, const char *condition, const char *file, int line);

/* Reads every name, record and operator. */
void read_all_facts(const mlm_model *model, const mlm_model_info *info);
/* A plan, checked; 0 when options are refused or its arena is too large for one input. */
int plan_model(const mlm_model *model, const mlm_options *options, mlm_plan *plan);
/* Whether a run of `frames` frames is little enough work; one that is refused is none. */
int is_little_work(const mlm_model *model, const mlm_options *options, uint32_t frames);

#endif
