using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.WebJobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.WebJobs;

public sealed class MessageJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("journal-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The name of a file can outlast a fault of the machine that its content did not.
    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"Account":"a","Queue":"q"}""")]
    [InlineData("""{"Account":"a","Queue":"q","Message":null,"Receipt":"r"}""")]
    public void A_note_that_was_cut_off_is_reported_and_does_not_keep_the_host_from_its_start(string text)
    {
        using var slot = HostSlot.Take(_folder);
        var file = Path.Combine(slot.Folder, "cut.json");
        File.WriteAllText(file, text);
        using var log = new LogBook();
        _ = new MessageJournal(slot, log.CreateLogger("journal"), CancellationToken.None);
        Assert.Equal((false, 1), (File.Exists(file), log.Count(406)));
    }

    [Fact]
    public void A_folder_that_cannot_be_used_is_one_line_that_names_its_setting()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        var settings = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
            ["LocalHost__Journal"] = $"{file}/x",
        };
        var context = HostContext.Create(TestHost.AppDll, settings, []);
        var error = Assert.Throws<StartupException>(() =>
            new WebJobsHost(context, new Uri("http://127.0.0.1:1"), null!, NullLoggerFactory.Instance)
        );
        Assert.StartsWith($"setting LocalHost__Journal: the folder {file}/x cannot be used: ", error.Message, StringComparison.Ordinal);
    }
}
