#include "fieldkit/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that jansson and we both use; its own get another one here. */
#define json_type jansson_type
#define JSON_NULL JANSSON_NULL
#define JSON_REAL JANSSON_REAL
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef json_type
#undef JSON_NULL
#undef JSON_REAL
#undef JSON_OBJECT

/*
 * jansson knows no lines once it has parsed, and a mistake in a pack should
 * be found by its line.  So its tree is copied into ours, while a second walk
 * over the text, which is known to be well-formed by then, counts lines.
 */
struct json {
	enum json_type	type;
	unsigned	line;
	const char	*key;		/* borrowed from jansson; NULL: none */
	int64_t		number;		/* an int, or a bool */
	struct bytes	text;		/* borrowed from jansson */
	struct json	*kids;
	size_t		n;
};

struct tree {
	struct json	root;		/* first: the caller's handle */
	json_t		*jansson;
};

struct walk {
	struct bytes	in;
	size_t		pos;
	unsigned	line;
};

/* "line 3, column 7: f" of the byte at pos; columns are characters. */
static fault
mistake(struct bytes in, size_t pos, fault f)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < pos && i < in.len; i++)
		if (in.at[i] == '\n') {
			line++;
			column = 1;
		} else if ((in.at[i] & 0xc0) != 0x80)
			column++;
	return fault_while(f, "line %u, column %u", line, column);
}

static fault
check_text(struct bytes in)
{
	size_t i = 0, n;

	if (bytes_utf8(in))
		return NULL;
	while (i < in.len && (n = utf8_length(in, i)) != 0)
		i += n;
	if (i < in.len && in.at[i] == 0)
		return mistake(in, i,
		    fault_new(FAULT_INVALID, "a NUL is not allowed"));
	return mistake(in, i, fault_new(FAULT_INVALID, "this is not UTF-8"));
}

/* Behind the closing quote of the string whose opening quote is at i. */
static size_t
string_end(struct bytes in, size_t i)
{
	for (i++; i < in.len && in.at[i] != '"'; i++)
		if (in.at[i] == '\\')
			i++;
	return i < in.len ? i + 1 : in.len;
}

/* Before jansson, which recurses. */
static fault
check_depth(struct bytes in)
{
	unsigned depth = 0;

	for (size_t i = 0; i < in.len; ) {
		uint8_t c = in.at[i];

		if (c == '"') {
			i = string_end(in, i);
			continue;
		}
		if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
			return mistake(in, i, fault_new(FAULT_INVALID,
			    "this is nested too deeply"));
		if ((c == '}' || c == ']') && depth > 0)
			depth--;
		i++;
	}
	return NULL;
}

/*
 * jansson's sentence, without the piece of the text that it quotes: that may
 * be a secret or hold control characters.
 */
static fault
not_json(const json_error_t *e)
{
	char what[JSON_ERROR_TEXT_LENGTH];
	char *near;
	fault f;

	snprintf(what, sizeof what, "%s", e->text);
	if ((near = strstr(what, " near ")) != NULL)
		*near = '\0';
	if (strstr(what, "NUL") != NULL)
		f = fault_new(FAULT_INVALID, "a NUL is not allowed");
	else
		f = fault_new(FAULT_INVALID, "this is not JSON (%s)", what);
	return fault_while(f, "line %u, column %u",
	    (unsigned)(e->line > 0 ? e->line : 1),
	    (unsigned)(e->column > 0 ? e->column : 1));
}

static bool
space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
step(struct walk *w, size_t n)
{
	for (; n > 0 && w->pos < w->in.len; n--)
		w->line += w->in.at[w->pos++] == '\n';
}

/* Is the string at pos, which ends before end, a key? */
static bool
is_key(const struct walk *w, size_t end)
{
	while (end < w->in.len && space(w->in.at[end]))
		end++;
	return end < w->in.len && w->in.at[end] == ':';
}

/* The line of the next value in the order of the text, outer ones first. */
static unsigned
next_value(struct walk *w)
{
	for (; w->pos < w->in.len; step(w, 1)) {
		uint8_t c = w->in.at[w->pos];
		unsigned line = w->line;
		size_t end;

		if (space(c) || strchr(",:]}", c) != NULL)
			continue;
		if (c == '{' || c == '[') {
			step(w, 1);
			return line;
		}
		if (c == '"') {
			/* A string goes on in no other line. */
			end = string_end(w->in, w->pos);
			if (is_key(w, end)) {
				w->pos = end - 1;
				continue;
			}
			w->pos = end;
			return line;
		}
		while (w->pos < w->in.len && !space(w->in.at[w->pos]) &&
		    strchr(",]}", w->in.at[w->pos]) == NULL)
			step(w, 1);
		return line;
	}
	return w->line;
}

static void copy_value(struct json *, json_t *, struct walk *);

static void
copy_object(struct json *to, json_t *from, struct walk *w)
{
	void *it = json_object_iter(from);

	to->n = json_object_size(from);
	to->kids = mem_new(to->n * sizeof *to->kids);
	for (size_t i = 0; i < to->n; i++) {
		copy_value(&to->kids[i], json_object_iter_value(it), w);
		to->kids[i].key = json_object_iter_key(it);
		it = json_object_iter_next(from, it);
	}
}

static void
copy_list(struct json *to, json_t *from, struct walk *w)
{
	to->n = json_array_size(from);
	to->kids = mem_new(to->n * sizeof *to->kids);
	for (size_t i = 0; i < to->n; i++)
		copy_value(&to->kids[i], json_array_get(from, i), w);
}

static void
copy_value(struct json *to, json_t *from, struct walk *w)
{
	static const enum json_type types[] = {
		[JANSSON_OBJECT] = JSON_OBJECT, [JSON_ARRAY] = JSON_LIST,
		[JSON_STRING] = JSON_TEXT, [JSON_INTEGER] = JSON_INT,
		[JANSSON_REAL] = JSON_REAL, [JSON_TRUE] = JSON_BOOL,
		[JSON_FALSE] = JSON_BOOL, [JANSSON_NULL] = JSON_NULL,
	};

	to->type = types[json_typeof(from)];
	to->line = next_value(w);
	if (to->type == JSON_OBJECT)
		copy_object(to, from, w);
	else if (to->type == JSON_LIST)
		copy_list(to, from, w);
	else if (to->type == JSON_TEXT)
		to->text = (struct bytes){
		    (const uint8_t *)json_string_value(from),
		    json_string_length(from) };
	else if (to->type == JSON_INT)
		to->number = json_integer_value(from);
	else
		to->number = json_typeof(from) == JSON_TRUE;
}

fault
json_parse(struct json **out, struct bytes in)
{
	struct walk w = { in, 0, 1 };
	struct tree *t;
	json_error_t e;
	json_t *j;
	fault f;

	if ((f = check_text(in)) != NULL || (f = check_depth(in)) != NULL)
		return f;
	j = json_loadb(in.len == 0 ? "" : (const char *)in.at, in.len,
	    JSON_REJECT_DUPLICATES, &e);
	if (j == NULL)
		return not_json(&e);
	t = mem_new(sizeof *t);
	t->jansson = j;
	copy_value(&t->root, j, &w);
	*out = &t->root;
	return NULL;
}

static void
free_kids(struct json *j)
{
	for (size_t i = 0; i < j->n; i++)
		free_kids(&j->kids[i]);
	free(j->kids);
}

void
json_free(struct json *root)
{
	struct tree *t = (struct tree *)root;

	if (t == NULL)
		return;
	free_kids(root);
	json_decref(t->jansson);
	free(t);
}

enum json_type
json_type(const struct json *j)
{
	return j->type;
}

bool
json_bool(const struct json *j)
{
	return j->type == JSON_BOOL && j->number != 0;
}

int64_t
json_int(const struct json *j)
{
	return j->type == JSON_INT ? j->number : 0;
}

struct bytes
json_text(const struct json *j)
{
	return j->text;
}

unsigned
json_line(const struct json *j)
{
	return j->line;
}

const struct json *
json_get(const struct json *j, const char *key)
{
	if (j == NULL || j->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < j->n; i++)
		if (strcmp(j->kids[i].key, key) == 0)
			return &j->kids[i];
	return NULL;
}

const struct json *
json_at(const struct json *j, size_t i)
{
	if (j == NULL || j->type != JSON_LIST || i >= j->n)
		return NULL;
	return &j->kids[i];
}

size_t
json_count(const struct json *j)
{
	return j == NULL ? 0 : j->n;
}

const struct json *
json_member(const struct json *j, size_t i, const char **key)
{
	if (j == NULL || j->type != JSON_OBJECT || i >= j->n)
		return NULL;
	*key = j->kids[i].key;
	return &j->kids[i];
}
