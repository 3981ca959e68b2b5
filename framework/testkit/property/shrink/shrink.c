/* shrink.c - leaves steps out of a failing sequence, makes its values simpler, puts it in order. */
#include "testkit/property/shrink/shrink.h"

#include "testkit/decider/facts.h"
#include "testkit/property/shrink/simplify.h"

#include <string.h>

/* Attempts: a sequence that hangs takes seconds each time. */
enum { ATTEMPTS = 4000, ATTEMPTS_HUNG = 10 };

struct shrinking {
    struct cairn_trial *trial;
    const struct cairn_trial_plan *plan;
    enum cairn_verdict verdict;
    char running[CAIRN_RUNNING_BYTES]; /* the function that fails so; or "" */
    struct cairn_step *steps;
    size_t count;
    struct cairn_step *candidate; /* room for as many */
    struct cairn_arena *arena;
    struct cairn_seen seen; /* by the steps */
    int left;               /* attempts */
};

/* Keeps what the steps have seen: the trial is used again. */
static void keep_seen(struct shrinking *self)
{
    self->seen = self->trial->seen;
    for (size_t i = 0; i < self->seen.text_count; i++)
        self->seen.texts[i] = cairn_copy_text(self->arena, self->seen.texts[i]);
}

/* Takes the candidate over if it fails in the same way. Steps after the failure are left out. */
static bool try_candidate(struct shrinking *self, size_t count)
{
    if (self->left-- <= 0)
        return false;
    cairn_trial_repeat(self->trial, self->plan, self->candidate, count, false);
    if (self->trial->verdict != self->verdict || strcmp(self->trial->running, self->running) != 0)
        return false;
    bool knows_where = self->verdict == CAIRN_STEP_BROKE || self->verdict == CAIRN_STEP_BUG;
    if (knows_where && self->trial->step_count < count)
        count = self->trial->step_count;
    memcpy(self->steps, self->candidate, count * sizeof *self->steps);
    self->count = count;
    keep_seen(self);
    return true;
}

/* Leaves out `chunk` steps from `at` on. */
static bool try_without(struct shrinking *self, size_t at, size_t chunk)
{
    size_t behind = at + chunk;
    memcpy(self->candidate, self->steps, at * sizeof *self->steps);
    memcpy(self->candidate + at, self->steps + behind,
           (self->count - behind) * sizeof *self->steps);
    return try_candidate(self, self->count - chunk);
}

static bool leave_out(struct shrinking *self)
{
    size_t before = self->count;
    for (size_t chunk = self->count / 2 ? self->count / 2 : 1; chunk > 0; chunk /= 2) {
        size_t at = 0;
        while (at + chunk <= self->count) {
            if (!try_without(self, at, chunk))
                at += chunk;
        }
    }
    return self->count < before;
}

/* A state that the rules of a fact's noun have made may be impossible if one of its values is
 * changed, unless it is a name. */
static bool may_change(const struct cairn_step *step, const struct cairn_change *change)
{
    bool is_name = change && (change->kind == CAIRN_KIND_UUID || change->kind == CAIRN_KIND_TEXT);
    return step->kind != CAIRN_STEP_FACT || is_name || !cairn_fact_decider(step->fact);
}

/* Makes the same change in all other steps of the candidate. Returns whether there was one. */
static bool change_others(struct shrinking *self, size_t except, const struct cairn_change *change)
{
    bool changed = false;
    for (size_t i = 0; i < self->count; i++) {
        struct cairn_step *step = &self->candidate[i];
        const struct cairn_record *record = cairn_step_record(step);
        bool is_other = record && i != except && may_change(step, change);
        void *value = is_other ? cairn_replace(record, step->value, change, self->arena) : NULL;
        if (value)
            step->value = value;
        changed = changed || value;
    }
    return changed;
}

/* Tries a variant of a step's value, by itself and together with equal values elsewhere. */
static bool try_variant(struct shrinking *self, size_t at, const void *variant,
                        const struct cairn_change *change)
{
    memcpy(self->candidate, self->steps, self->count * sizeof *self->steps);
    self->candidate[at].value = variant;
    if (try_candidate(self, self->count))
        return true;
    const struct cairn_record *record = cairn_step_record(&self->steps[at]);
    void *all = cairn_replace(record, self->steps[at].value, change, self->arena);
    memcpy(self->candidate, self->steps, self->count * sizeof *self->steps);
    self->candidate[at].value = all ? all : variant;
    bool others = change_others(self, at, change);
    return (all || others) && try_candidate(self, self->count);
}

/* Tries one variant after the other of a step's value, beginning again after each that fails in
 * the same way, since it is the simpler one. */
static bool simplify_step(struct shrinking *self, size_t at)
{
    const struct cairn_record *record = cairn_step_record(&self->steps[at]);
    bool changed = false;
    if (!may_change(&self->steps[at], NULL))
        return false;
    for (size_t which = 0; record && self->left > 0 && at < self->count;) {
        struct cairn_change change;
        const void *variant =
            cairn_simplify(record, self->steps[at].value, which, &self->seen, self->arena, &change);
        if (!variant)
            break;
        bool fails = try_variant(self, at, variant, &change);
        changed = changed || fails;
        which = fails ? 0 : which + 1;
    }
    return changed;
}

static bool simplify(struct shrinking *self)
{
    bool changed = false;
    for (size_t at = 0; at < self->count; at++)
        changed = simplify_step(self, at) || changed;
    return changed;
}

/* ---- order ---- */

/* Moves `count` steps from `from` to `to`, which is before them. */
static void move_steps(struct cairn_step *steps, size_t from, size_t count, size_t to)
{
    for (size_t i = 0; i < count; i++) {
        const struct cairn_step step = steps[from + i];
        memmove(&steps[to + i + 1], &steps[to + i], (from - to) * sizeof *steps);
        steps[to + i] = step;
    }
}

/* Moves what is known of facts to the front, where a reader looks for it. */
static bool move_facts(struct shrinking *self)
{
    size_t front = 0;
    bool changed = false;
    for (size_t at = 0; at < self->count; at++) {
        if (self->steps[at].kind != CAIRN_STEP_FACT)
            continue;
        bool moved = false;
        if (at > front) {
            memcpy(self->candidate, self->steps, self->count * sizeof *self->steps);
            move_steps(self->candidate, at, 1, front);
            moved = try_candidate(self, self->count);
        }
        front += at == front || moved;
        changed = changed || moved;
    }
    return changed;
}

/* Returns the end of the steps after a STREAM at `at`: the next STREAM, or the last step. */
static size_t end_of_stream(const struct shrinking *self, size_t at)
{
    do
        at++;
    while (at < self->count && self->steps[at].kind != CAIRN_STEP_STREAM);
    return at;
}

/* Moves the steps behind the STREAM at `at` to the end of earlier steps of that stream; `end` is
 * theirs. The STREAM is not needed then. */
static bool try_joined(struct shrinking *self, size_t end, size_t at)
{
    size_t count = end_of_stream(self, at) - at - 1;
    memcpy(self->candidate, self->steps, self->count * sizeof *self->steps);
    move_steps(self->candidate, at + 1, count, end);
    memmove(&self->candidate[at + count], &self->candidate[at + count + 1],
            (self->count - at - count - 1) * sizeof *self->candidate);
    return try_candidate(self, self->count - 1);
}

/* Puts the steps of each stream together. */
static bool join_streams(struct shrinking *self)
{
    struct cairn_uuid stream = CAIRN_TEST_ID;
    for (size_t first = 0; first < self->count; first = end_of_stream(self, first)) {
        if (self->steps[first].kind == CAIRN_STEP_STREAM)
            stream = self->steps[first].stream;
        size_t end = end_of_stream(self, first);
        for (size_t at = end; at < self->count; at = end_of_stream(self, at)) {
            if (cairn_uuid_equal(self->steps[at].stream, stream) && try_joined(self, end, at))
                return true;
        }
    }
    return false;
}

size_t cairn_shrink(struct cairn_trial *trial, const struct cairn_trial_plan *plan,
                    enum cairn_verdict verdict, struct cairn_step *steps, size_t count,
                    struct cairn_arena *arena)
{
    struct shrinking self = {
        .trial = trial,
        .plan = plan,
        .verdict = verdict,
        .steps = steps,
        .count = count,
        .candidate = cairn_new(arena, struct cairn_step, count + 1),
        .arena = arena,
        .left = verdict == CAIRN_STEP_HUNG ? ATTEMPTS_HUNG : ATTEMPTS,
    };
    memcpy(self.running, trial->running, sizeof self.running);
    keep_seen(&self);
    while (leave_out(&self) || simplify(&self) || join_streams(&self) || move_facts(&self))
        continue;
    return self.count;
}

void cairn_steps_follow(const struct cairn_seen *before, const struct cairn_seen *now,
                        struct cairn_step *step, struct cairn_arena *arena)
{
    const struct cairn_record *record = cairn_step_record(step);
    size_t count = before->id_count < now->id_count ? before->id_count : now->id_count;
    for (size_t i = 0; record && i < count && i < CAIRN_SEEN_MAX; i++) {
        const struct cairn_change change = {
            .kind = CAIRN_KIND_UUID, .from_id = before->ids[i], .to_id = now->ids[i]};
        const void *value = cairn_uuid_equal(change.from_id, change.to_id)
                                ? NULL
                                : cairn_replace(record, step->value, &change, arena);
        step->value = value ? value : step->value;
    }
}
