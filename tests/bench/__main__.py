"""Every bench, one after the other, with the same arguments: `make bench ARGS="--data DIR --out DIR"`."""

from tests.bench import (
    bench_help,
    bench_imap,
    bench_import,
    bench_night,
    bench_office,
    bench_recall,
    bench_slack_shapes,
)

for bench in (bench_help, bench_office, bench_night, bench_import, bench_imap, bench_recall, bench_slack_shapes):
    bench.main()
