/*
 * bench_save HOME OLD NEW DIR -- what saving one note costs in a process that
 * is unlocked already, as `add` does it, beside the same row in plain SQLite.
 *
 * HOME holds the notes of OLD already; the two plain databases, made in DIR,
 * get them first too.  Then each note of NEW is saved three times in turn,
 * each a transaction of its own.  Prints a line per round of ROUND notes: ms
 * per note in our store, plain with journal TRUNCATE, plain with DELETE; and
 * a last line: ms that deriving the key took.
 */
#include "tests/tools/bench.h"
#include "tests/tools/bench_plain.h"

#include "fieldkit/edit.h"
#include "fieldkit/json.h"
#include "sync/base/clock.h"

#define ROUND 100
#define ASSIGNS_MAX 64

struct note {			/* a line, as `add` understands it */
	struct json	*json;
	struct assign	as[ASSIGNS_MAX];
	char		numbers[ASSIGNS_MAX][24];
	size_t		n;
};

static void
assign(struct note *no, const char *key, const struct json *j, bool element)
{
	struct assign *a = &no->as[no->n];
	char *number = no->numbers[no->n];

	a->field = bytes_of(key);
	a->op = element ? ASSIGN_ADD : ASSIGN_SET;
	if (json_type(j) == JSON_INT) {
		snprintf(number, sizeof no->numbers[0], "%lld",
		    (long long)json_int(j));
		a->value = bytes_of(number);
	} else if (json_type(j) == JSON_BOOL) {
		a->value = bytes_of(json_bool(j) ? "true" : "false");
	} else {
		a->value = json_text(j);
	}
	no->n++;
}

static fault
note_read(struct note *no, struct bytes line)
{
	fault f = json_parse(&no->json, line);

	no->n = 0;
	for (size_t i = 0; f == NULL && i < json_count(no->json); i++) {
		const char *key;
		const struct json *v = json_member(no->json, i, &key);
		bool list = json_type(v) == JSON_LIST;

		if (no->n + json_count(v) + 1 > ASSIGNS_MAX)
			return fault_new(FAULT_INVALID, "too many fields");
		for (size_t k = 0; list && k < json_count(v); k++)
			assign(no, key, json_at(v, k), true);
		if (!list)
			assign(no, key, v, false);
	}
	return f;
}

/* As add_one of cmd_add.c. */
static fault
save(struct home *h, const struct editor *ed, const struct note *no,
    struct id *id)
{
	struct edit e = EDIT_EMPTY;
	fault f;

	if ((f = edit_create(&e, ed, bytes_of("observation"), no->as,
	    no->n)) == NULL) {
		*id = e.change.record = id_record(clock_wall_ms());
		if ((f = store_next_index(&h->store, &e.change.index)) == NULL)
			f = store_put(&h->store, &e.change, NULL);
	}
	edit_free(&e);
	return f;
}

static fault
save_alone(struct home *h, const struct editor *ed, const struct note *no,
    struct id *id)
{
	fault f = db_begin(h->db);

	return f != NULL ? f : db_end(h->db, save(h, ed, no, id));
}

/* One note three times; adds to what each has taken. */
static fault
three(struct home *h, const struct editor *ed, struct plain plain[2],
    struct bytes line, double took[3])
{
	struct note no = { .n = 0 };
	struct id id;
	double t;
	fault f;

	if ((f = note_read(&no, line)) != NULL)
		goto done;
	t = bench_ms();
	if ((f = save_alone(h, ed, &no, &id)) != NULL)
		goto done;
	took[0] += bench_ms() - t;
	for (int i = 0; f == NULL && i < 2; i++) {
		t = bench_ms();
		f = plain_insert(&plain[i], &id, line);
		took[i + 1] += bench_ms() - t;
	}
done:
	json_free(no.json);
	return f;
}

static fault
rounds(struct home *h, const struct editor *ed, struct plain plain[2],
    struct bytes all)
{
	struct bytes line;
	fault f = NULL;

	for (bool more = true; f == NULL && more;) {
		double took[3] = { 0, 0, 0 };
		int n = 0;

		for (; f == NULL && n < ROUND &&
		    (more = bench_line(&all, &line)); n++)
			f = three(h, ed, plain, line, took);
		if (f == NULL && n == ROUND)
			printf("%.4f %.4f %.4f\n", took[0] / n, took[1] / n,
			    took[2] / n);
	}
	return f;
}

static fault
fill(struct plain *p, struct bytes all)
{
	struct bytes line;
	fault f = plain_exec(p, "BEGIN");

	while (f == NULL && bench_line(&all, &line)) {
		struct id id = id_record(clock_wall_ms());

		f = plain_insert(p, &id, line);
	}
	return f != NULL ? f : plain_exec(p, "COMMIT");
}

static fault
plain_start(struct plain plain[2], const char *dir, struct bytes old)
{
	static const char *const journal[2] = { "TRUNCATE", "DELETE" };
	fault f = NULL;

	for (int i = 0; f == NULL && i < 2; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s.db", dir, journal[i]);
		if ((f = plain_open(&plain[i], path, journal[i])) == NULL)
			f = fill(&plain[i], old);
	}
	return f;
}

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	struct plain plain[2] = { { NULL, NULL }, { NULL, NULL } };
	struct buf old = BUF_EMPTY, new = BUF_EMPTY;
	struct pack *pack = NULL;
	struct bytes json;
	double derive = 0;
	fault f;

	if (argc != 5)
		return 2;
	if ((f = bench_open(&h, argv[1], &derive)) != NULL ||
	    (f = pack_builtin(&json, "default")) != NULL ||
	    (f = pack_read(&pack, json)) != NULL ||
	    (f = file_read(&old, argv[2], BENCH_FILE_MAX)) != NULL ||
	    (f = file_read(&new, argv[3], BENCH_FILE_MAX)) != NULL ||
	    (f = plain_start(plain, argv[4], buf_view(&old))) != NULL)
		goto done;
	f = rounds(&h, &(struct editor){ pack, h.device, ROLE_WORKER }, plain,
	    buf_view(&new));
	printf("%.3f\n", derive);
done:
	for (int i = 0; i < 2; i++)
		plain_close(&plain[i]);
	buf_free(&old);
	buf_free(&new);
	pack_free(pack);
	home_close(&h);
	return bench_end(f);
}
