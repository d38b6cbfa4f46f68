#include "fieldkit/alarms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/json.h"
#include "sync/base/clock.h"
#include "sync/base/file.h"

#define ALARMS_MAX (4u << 20)
#define LOCK_WAIT_MS 10000

static void
copy_text(char *to, size_t room, const struct json *j)
{
	struct bytes b = j == NULL ? BYTES_EMPTY : json_text(j);
	size_t n = b.len < room ? b.len : room - 1;

	if (n > 0)
		memcpy(to, b.at, n);
	to[n] = '\0';
}

static bool
alarm_parse(struct alarm *a, const struct json *j)
{
	char code[64], device[64];
	const struct json *number = json_get(j, "number");
	const struct json *seq = json_get(j, "seq");
	const struct json *raised = json_get(j, "raised");
	const struct json *gone = json_get(j, "dismissed");

	memset(a, 0, sizeof *a);
	copy_text(code, sizeof code, json_get(j, "code"));
	copy_text(device, sizeof device, json_get(j, "device"));
	copy_text(a->finding.hub, sizeof a->finding.hub, json_get(j, "hub"));
	copy_text(a->finding.ref, sizeof a->finding.ref, json_get(j, "ref"));
	copy_text(a->finding.text, sizeof a->finding.text, json_get(j, "text"));
	if (device[0] != '\0' && !id_parse(&a->finding.device, device))
		return false;
	a->finding.seq = seq == NULL ? 0 : (uint64_t)json_int(seq);
	a->number = number == NULL ? 0 : (uint64_t)json_int(number);
	a->raised = raised == NULL ? 0 : (uint64_t)json_int(raised);
	a->dismissed = gone != NULL && json_bool(gone);
	return finding_parse(&a->finding.code, code);
}

/* The next free one.  A dismissed alarm keeps its number. */
static uint64_t
next_number(const struct alarms *as)
{
	uint64_t last = 0;

	for (size_t i = 0; i < as->n; i++)
		if (as->at[i].number > last)
			last = as->at[i].number;
	return last + 1;
}

static fault
line_read(struct alarms *as, struct bytes line)
{
	struct json *j = NULL;
	struct alarm a;
	fault f = json_parse(&j, line);

	if (f == NULL && alarm_parse(&a, j)) {
		/* As written before alarms had numbers. */
		if (a.number == 0)
			a.number = next_number(as);
		as->at = mem_grow(as->at, (as->n + 1) * sizeof *as->at);
		as->at[as->n++] = a;
	}
	json_free(j);
	return f;
}

fault
alarms_lock(struct file_lock *l, const char *home)
{
	char *path = path_join(home, "alarms.lock");
	fault f = file_lock(l, path, LOCK_WAIT_MS);

	free(path);
	return f;
}

fault
alarms_read(struct alarms *as, const char *home)
{
	struct buf b = BUF_EMPTY;
	char *path = path_join(home, "alarms");
	fault f = file_read(&b, path, ALARMS_MAX);

	*as = (struct alarms){ NULL, 0 };
	if (f != NULL && f->code == FAULT_ABSENT)
		f = NULL;
	for (size_t at = 0, n; f == NULL && at < b.len; at += n + 1) {
		const uint8_t *nl = memchr(b.at + at, '\n', b.len - at);

		n = nl == NULL ? b.len - at : (size_t)(nl - b.at) - at;
		if (n > 0)
			f = line_read(as, (struct bytes){ b.at + at, n });
	}
	free(path);
	buf_free(&b);
	return f;
}

static void
alarm_put(struct buf *b, const struct alarm *a)
{
	struct json_out w = json_writer(b);
	char hex[ID_HEX];

	json_open(&w, '{');
	json_key(&w, "number");
	json_put_int(&w, (int64_t)a->number);
	json_key(&w, "code");
	json_put_text(&w, finding_name(a->finding.code));
	json_key(&w, "hub");
	json_put_text(&w, a->finding.hub);
	json_key(&w, "ref");
	json_put_text(&w, a->finding.ref);
	json_key(&w, "device");
	json_put_text(&w, id_zero(&a->finding.device) ? "" :
	    id_hex(hex, &a->finding.device));
	json_key(&w, "seq");
	json_put_int(&w, (int64_t)a->finding.seq);
	json_key(&w, "text");
	json_put_text(&w, a->finding.text);
	json_key(&w, "raised");
	json_put_int(&w, (int64_t)a->raised);
	json_key(&w, "dismissed");
	json_put_bool(&w, a->dismissed);
	json_close(&w);
	buf_text(b, "\n");
}

fault
alarms_write(const struct alarms *as, const char *home)
{
	struct buf b = BUF_EMPTY;
	char *path = path_join(home, "alarms");
	fault f;

	for (size_t i = 0; i < as->n; i++)
		alarm_put(&b, &as->at[i]);
	f = file_write(path, buf_view(&b), 0600);
	free(path);
	buf_free(&b);
	return f;
}

void
alarms_free(struct alarms *as)
{
	free(as->at);
	*as = (struct alarms){ NULL, 0 };
}

/* Nothing to add for it?  A silence is one thing for as long as it lasts,
 * whether or not a person has dismissed it. */
static bool
told(const struct alarms *as, const struct finding *f)
{
	for (size_t i = 0; i < as->n; i++)
		if ((!as->at[i].dismissed || f->code == FIND_STALE) &&
		    finding_same(&as->at[i].finding, f))
			return true;
	return false;
}

fault
alarms_raise(const char *home, const struct findings *fs, size_t *fresh,
    size_t *added)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct alarms as = { NULL, 0 };
	fault f;

	*fresh = *added = 0;
	if (fs->n == 0)
		return NULL;
	if ((f = alarms_lock(&lock, home)) == NULL)
		f = alarms_read(&as, home);
	for (size_t i = 0; f == NULL && i < fs->n; i++) {
		enum finding_code code = fs->at[i].code;

		if (told(&as, &fs->at[i]))
			continue;
		as.at = mem_grow(as.at, (as.n + 1) * sizeof *as.at);
		as.at[as.n] = (struct alarm){ fs->at[i], next_number(&as),
		    clock_wall_ms(), false };
		as.n++;
		++*added;
		*fresh += code != FIND_CLOCK && code != FIND_STALE &&
		    code != FIND_CLONE;
	}
	if (f == NULL && *added > 0)
		f = alarms_write(&as, home);
	alarms_free(&as);
	file_unlock(&lock);
	return f;
}

static bool
holds(const struct findings *fs, const struct finding *f)
{
	for (size_t i = 0; i < fs->n; i++)
		if (finding_same(&fs->at[i], f))
			return true;
	return false;
}

fault
alarms_end_silence(const char *home, const struct findings *silent)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct alarms as = { NULL, 0 };
	size_t ended = 0;
	fault f;

	if ((f = alarms_lock(&lock, home)) == NULL)
		f = alarms_read(&as, home);
	for (size_t i = 0; f == NULL && i < as.n; i++) {
		struct alarm *a = &as.at[i];

		if (a->dismissed || a->finding.code != FIND_STALE ||
		    holds(silent, &a->finding))
			continue;
		a->dismissed = true;
		ended++;
	}
	if (f == NULL && ended > 0)
		f = alarms_write(&as, home);
	alarms_free(&as);
	file_unlock(&lock);
	return f;
}

struct alarm *
alarms_standing(const struct alarms *as, uint64_t number)
{
	for (size_t i = 0; i < as->n; i++)
		if (!as->at[i].dismissed && as->at[i].number == number)
			return &as->at[i];
	return NULL;
}
