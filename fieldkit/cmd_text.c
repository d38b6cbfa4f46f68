/*
 * cmd_text -- what a command says: notes, answers, findings.
 */
#include "fieldkit/cmd.h"

#include <stdarg.h>
#include <stdio.h>

void
note(const char *fmt, ...)
{
	va_list ap;

	fputs("fieldkit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, say(fmt), ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
out(struct ctx *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	fmt = say(fmt);
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_room(&c->out, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)c->out.at + c->out.len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	c->out.len += (size_t)n;
}

/* number 0: it has none. */
static void
json_finding(struct json_out *w, const struct finding *f, uint64_t number)
{
	char hex[ID_HEX];

	json_open(w, '{');
	if (number != 0) {
		json_key(w, "number");
		json_put_int(w, (int64_t)number);
	}
	json_key(w, "code");
	json_put_text(w, finding_name(f->code));
	json_key(w, "hub");
	json_put_text(w, f->hub);
	json_key(w, "ref");
	json_put_text(w, f->ref);
	json_key(w, "device");
	json_put_text(w, id_zero(&f->device) ? "" : id_hex(hex, &f->device));
	json_key(w, "seq");
	json_put_int(w, (int64_t)f->seq);
	json_key(w, "text");
	json_put_text(w, say(f->text));
	json_close(w);
}

void
json_findings(struct json_out *w, const struct findings *fs)
{
	json_open(w, '[');
	for (size_t i = 0; i < fs->n; i++)
		json_finding(w, &fs->at[i], 0);
	json_close(w);
}

void
json_alarms(struct json_out *w, const struct alarms *as)
{
	json_open(w, '[');
	for (size_t i = 0; i < as->n; i++)
		if (!as->at[i].dismissed)
			json_finding(w, &as->at[i].finding, as->at[i].number);
	json_close(w);
}

static void
out_numbered(struct ctx *c, const struct finding *f, uint64_t number)
{
	struct json_out w = json_writer(&c->out);

	if (c->json) {
		json_finding(&w, f, number);
		buf_text(&c->out, "\n");
		return;
	}
	if (number != 0)
		out(c, "%llu. ", (unsigned long long)number);
	out(c, "%s: %s\n", finding_name(f->code), say(f->text));
	if (f->hub[0] != '\0')
		out(c, "    hub %s\n", f->hub);
	if (f->ref[0] != '\0')
		out(c, "    %s, commit %llu\n", f->ref,
		    (unsigned long long)f->seq);
}

void
out_finding(struct ctx *c, const struct finding *f)
{
	out_numbered(c, f, 0);
}

void
out_alarm(struct ctx *c, const struct alarm *a)
{
	out_numbered(c, &a->finding, a->number);
}
