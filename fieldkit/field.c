#include "fieldkit/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/id.h"

#define ID_TEXT_MAX 64		/* 32 digits and some hyphens */
#define CODES_SHOWN 12

static const char *const forms[FORM_COUNT] = {
	[FORM_TEXT] = "text", [FORM_INT] = "int", [FORM_BOOL] = "bool",
	[FORM_DATE] = "date", [FORM_CODE] = "code", [FORM_PLACE] = "place",
	[FORM_ID] = "id",
};

static const char *const comps[COMP_COUNT] = {
	[COMP_LEDGER] = "ledger", [COMP_TEAM] = "team",
	[COMP_IDENTITY] = "identity", [COMP_RESTRICTED] = "restricted",
};

const char *
form_name(enum field_form form)
{
	return form < FORM_COUNT ? forms[form] : "?";
}

bool
form_parse(enum field_form *out, const char *name)
{
	for (int i = 0; i < FORM_COUNT; i++)
		if (strcmp(forms[i], name) == 0) {
			*out = (enum field_form)i;
			return true;
		}
	return false;
}

const char *
comp_name(enum compartment comp)
{
	return comp < COMP_COUNT ? comps[comp] : "?";
}

bool
comp_parse(enum compartment *out, const char *name)
{
	for (int i = 0; i < COMP_COUNT; i++)
		if (strcmp(comps[i], name) == 0) {
			*out = (enum compartment)i;
			return true;
		}
	return false;
}

/* How many of the first bytes are decimal digits. */
static size_t
digits(struct bytes s)
{
	size_t n = 0;

	while (n < s.len && s.at[n] >= '0' && s.at[n] <= '9')
		n++;
	return n;
}

static struct bytes
behind(struct bytes s, size_t n)
{
	return (struct bytes){ s.at + n, s.len - n };
}

static int
number(const uint8_t *at, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (at[i] - '0');
	return v;
}

static fault
check_text(struct buf *out, const struct pack_field *f, struct bytes v)
{
	int64_t n = 0;

	for (size_t i = 0; i < v.len; i++)
		n += (v.at[i] & 0xc0) != 0x80;
	if (n < f->min || n > f->max)
		return fault_new(FAULT_INVALID,
		    "%s: must have %lld to %lld characters, this has %lld",
		    f->name, (long long)f->min, (long long)f->max,
		    (long long)n);
	buf_add_bytes(out, v);
	return NULL;
}

/* At most 16 digits: FIELD_INT_MAX has 16, and int64_t holds them all. */
static bool
parse_int(int64_t *out, struct bytes v)
{
	bool minus = v.len > 0 && v.at[0] == '-';
	int64_t n = 0;

	if (minus)
		v = behind(v, 1);
	if (v.len == 0 || digits(v) != v.len)
		return false;
	while (v.len > 1 && v.at[0] == '0')
		v = behind(v, 1);
	if (v.len > 16)
		return false;
	for (size_t i = 0; i < v.len; i++)
		n = n * 10 + (v.at[i] - '0');
	*out = minus ? -n : n;
	return true;
}

static fault
check_int(struct buf *out, const struct pack_field *f, struct bytes v)
{
	int64_t n;

	if (!parse_int(&n, v) || n < f->min || n > f->max)
		return fault_new(FAULT_INVALID,
		    "%s: must be a whole number from %lld to %lld",
		    f->name, (long long)f->min, (long long)f->max);
	buf_text(out, "%lld", (long long)n);
	return NULL;
}

static fault
check_bool(struct buf *out, const struct pack_field *f, struct bytes v)
{
	static const char *const words[] = {
		"false", "true", "no", "yes", "nee", "ja", "0", "1"
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (bytes_is(v, words[i])) {
			buf_text(out, "%s", words[i % 2]);
			return NULL;
		}
	return fault_new(FAULT_INVALID, "%s: must be true or false", f->name);
}

static bool
real_date(struct bytes v)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int y, m, d;
	bool leap;

	if (v.len != 10 || digits(v) != 4 || v.at[4] != '-' ||
	    digits(behind(v, 5)) != 2 || v.at[7] != '-' ||
	    digits(behind(v, 8)) != 2)
		return false;
	y = number(v.at, 4);
	m = number(v.at + 5, 2);
	d = number(v.at + 8, 2);
	leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return y >= 1 && m >= 1 && m <= 12 && d >= 1 &&
	    d <= days[m - 1] + (leap && m == 2);
}

static fault
check_date(struct buf *out, const struct pack_field *f, struct bytes v)
{
	if (!real_date(v))
		return fault_new(FAULT_INVALID,
		    "%s: must be a date of the calendar, such as 2026-11-24",
		    f->name);
	buf_add_bytes(out, v);
	return NULL;
}

/* Names the codes, or some of them when the list is long. */
static fault
not_a_code(const struct pack_field *f)
{
	struct buf b = BUF_EMPTY;
	size_t n = f->nvalues < CODES_SHOWN ? f->nvalues : CODES_SHOWN;
	fault bad;

	for (size_t i = 0; i < n; i++)
		buf_text(&b, "%s%s", i == 0 ? "" : ", ", f->values[i].code);
	if (n == f->nvalues)
		bad = fault_new(FAULT_INVALID, "%s: must be one of: %s",
		    f->name, buf_cstr(&b));
	else
		bad = fault_new(FAULT_INVALID, "%s: must be one of the %zu"
		    " codes of its list: %s, ...", f->name, f->nvalues,
		    buf_cstr(&b));
	buf_free(&b);
	return bad;
}

static fault
check_code(struct buf *out, const struct pack_field *f, struct bytes v)
{
	for (size_t i = 0; i < f->nvalues; i++)
		if (bytes_is(v, f->values[i].code)) {
			buf_add_bytes(out, v);
			return NULL;
		}
	return not_a_code(f);
}

/* Well-formed is enough as long as no list of places is loaded. */
static fault
check_place(struct buf *out, const struct pack_field *f, struct bytes v)
{
	static const char *const levels[] = { "GM", "WK", "BU" };

	for (size_t i = 0; i < 3; i++)
		if (v.len == 6 + 2 * i && memcmp(v.at, levels[i], 2) == 0 &&
		    digits(behind(v, 2)) == v.len - 2) {
			buf_add_bytes(out, v);
			return NULL;
		}
	return fault_new(FAULT_INVALID, "%s: must be a place code:"
	    " GM and 4 digits, WK and 6, or BU and 8", f->name);
}

static fault
check_id(struct buf *out, const struct pack_field *f, struct bytes v)
{
	char *text = v.len <= ID_TEXT_MAX ? bytes_dup(v) : NULL;
	char hex[ID_HEX];
	struct id id;
	bool ok = text != NULL && id_parse(&id, text);

	free(text);
	if (!ok)
		return fault_new(FAULT_INVALID,
		    "%s: must be the id of a record, 32 hex digits", f->name);
	buf_text(out, "%s", id_hex(hex, &id));
	return NULL;
}

fault
pack_check(struct buf *out, const struct pack_field *f, struct bytes v)
{
	static fault (*const checks[FORM_COUNT])(struct buf *,
	    const struct pack_field *, struct bytes) = {
		[FORM_TEXT] = check_text, [FORM_INT] = check_int,
		[FORM_BOOL] = check_bool, [FORM_DATE] = check_date,
		[FORM_CODE] = check_code, [FORM_PLACE] = check_place,
		[FORM_ID] = check_id,
	};

	if (v.len == 0)
		return fault_new(FAULT_INVALID, "%s: must not be empty",
		    f->name);
	if (!bytes_utf8(v))
		return fault_new(FAULT_INVALID,
		    "%s: must be text in UTF-8, without NUL", f->name);
	return checks[f->form](out, f, v);
}

bool
pack_above(const struct pack_field *low, struct bytes a,
    const struct pack_field *high, struct bytes b)
{
	struct buf x = BUF_EMPTY, y = BUF_EMPTY;
	int64_t m = 0, n = 0;
	bool above = false;

	if (pack_check(&x, low, a) == NULL && pack_check(&y, high, b) == NULL) {
		if (low->form == FORM_INT && parse_int(&m, buf_view(&x)) &&
		    parse_int(&n, buf_view(&y)))
			above = m > n;
		else if (low->form == FORM_DATE)
			above = bytes_cmp(buf_view(&x), buf_view(&y)) > 0;
	}
	buf_free(&x);
	buf_free(&y);
	return above;
}

void
pack_generate(struct buf *out, const struct pack_field *f)
{
	uint8_t drawn[5];	/* 40 bits: 8 characters of 5 */

	if (f->generate == NULL)
		return;
	random_fill(drawn, sizeof drawn);
	base32_put(out, (struct bytes){ drawn, sizeof drawn });
}
