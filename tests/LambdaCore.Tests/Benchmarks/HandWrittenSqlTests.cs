using LambdaCore.Benchmarks;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

/// <summary>The SQL that batches are compared with computes the same views.</summary>
internal sealed class HandWrittenSqlTests
{
    [Test]
    public async Task Hand_written_SQL_finds_the_keys_that_the_views_have()
    {
        await using WebStore store = await WebStore.OpenAsync(Durability.Buffered);
        await store.AppendAsync(WebTraffic.Events(10_000), batch: 1_000);
        BatchRun run = await store.Store.RunBatchAsync();
        using BatchFiles files = BatchFiles.Of(store);
        foreach (IReadOnlyList<string> kind in new[] { HandWrittenSql.All, HandWrittenSql.AllWithPromises })
        {
            Assert.That(
                kind.Select(sql => files.Query(HandWrittenSql.Over(files.Source, sql))),
                Is.EqualTo(run.Views.Select(v => v.Keys)));
        }
    }
}
