namespace Local.Tests;

public sealed class SmallFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("small-").FullName;

    private string Keys => Path.Combine(_folder, "keys.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Keys_are_made_once_differ_and_are_readable_by_their_owner_alone()
    {
        var made = HostKeys.ReadOrMake(Keys);
        Assert.Equal(made, HostKeys.ReadOrMake(Keys));
        Assert.Equal(2, new[] { made.Master, made.Hr }.Distinct().Count(key => key.Length == 48));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Keys));
    }

    [Fact]
    public void The_state_with_the_key_of_its_storage_is_its_owners_alone()
    {
        using var state = StateFolder.Take(_folder, once: false);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(state.Folder));
    }

    [Fact]
    public void A_key_file_of_an_earlier_version_which_holds_more_keys_is_taken_as_it_is()
    {
        File.WriteAllText(Keys, """{"master":"m","default":"d","eventGrid":"e","hr":"h"}""");
        Assert.Equal(new HostKeys("m", "h"), HostKeys.ReadOrMake(Keys));
    }

    [Theory]
    [InlineData("{\"master\":\"m\"}")]
    [InlineData("{")]
    public void A_broken_key_file_says_what_to_do(string text)
    {
        File.WriteAllText(Keys, text);
        Assert.Equal(
            $"{Keys} does not hold two keys: delete it, and new ones are made",
            Assert.Throws<LaunchException>(() => HostKeys.ReadOrMake(Keys)).Message
        );
    }

    [Fact]
    public void The_sandbox_s_ready_line_is_read() =>
        Assert.Equal(
            new SandboxReady(7072, "https://localhost:7072", "AB12", "t", "c", "s"),
            SandboxReady.Parse(
                """{"port":7072,"url":"https://localhost:7072","thumbprint":"AB12","tenantId":"t","clientId":"c","clientSecret":"s"}"""
            )
        );

    [Theory]
    [InlineData("listening")]
    [InlineData("null")]
    [InlineData("""{"port":7072,"clientSecret":"planted"}""")]
    public void Any_other_line_is_an_error_that_keeps_the_secret(string line)
    {
        var message = Assert.Throws<LaunchException>(() => SandboxReady.Parse(line)).Message;
        Assert.StartsWith("the sandbox's first line is not what the launcher expects", message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_s_address_is_read() =>
        Assert.Equal(new Uri("http://127.0.0.1:7071/"), HostAddress.Parse("""{"address":"http://127.0.0.1:7071"}"""));

    [Theory]
    [InlineData("listening")]
    [InlineData("""{"address":7071}""")]
    [InlineData("""{"address":"http://127.0.0.1:7071""")]
    [InlineData("""{"address":"http://elsewhere.example:7071"}""")] // the keys are sent there
    [InlineData("""{"address":"https://127.0.0.1:7071"}""")]
    [InlineData("""{"address":"http://127.0.0.1:7071/api"}""")]
    public void Another_first_line_is_no_address(string line) =>
        Assert.StartsWith(
            "the host's first line is not the address",
            Assert.Throws<LaunchException>(() => HostAddress.Parse(line)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Settings_for_the_Core_Tools_are_replaced_and_deleted_as_long_as_nobody_changed_them()
    {
        var file = new LocalSettingsFile(_folder);
        file.Write(new Dictionary<string, string> { ["b"] = "1+1", ["a"] = "x" });
        Assert.Equal(
            "{\n  \"IsEncrypted\": false,\n  \"Values\": {\n    \"a\": \"x\",\n    \"b\": \"1+1\"\n  }\n}",
            File.ReadAllText(file.FilePath).ReplaceLineEndings("\n")
        );
        file.Write(new Dictionary<string, string> { ["a"] = "y" });
        // Another start, of which this one left the file behind.
        new LocalSettingsFile(_folder).RequireReplaceable();
        File.AppendAllText(file.FilePath, "\n");
        file.Delete();
        Assert.True(File.Exists(file.FilePath));
        Assert.Throws<LaunchException>(() => file.Write(new Dictionary<string, string>()));
        File.Delete(file.FilePath);
        file.Write(new Dictionary<string, string>());
        file.Delete();
        Assert.False(File.Exists(file.FilePath));
    }

    [Fact]
    public void One_launcher_has_a_state_folder_at_a_time_and_each_mode_its_own()
    {
        using var run = StateFolder.Take(_folder, once: false);
        using var once = StateFolder.Take(_folder, once: true);
        Assert.Contains(
            "is in use by another ./scripts/run",
            Assert.Throws<LaunchException>(() => StateFolder.Take(_folder, once: false)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Emptying_deletes_what_the_launcher_made_and_nothing_else()
    {
        using var run = StateFolder.Take(_folder, once: false);
        Directory.CreateDirectory(run.Azurite);
        HostKeys.ReadOrMake(run.Keys);
        await File.WriteAllTextAsync(Path.Combine(_folder, "diary.txt"), "", TestContext.Current.CancellationToken);
        Assert.Equal(
            (true, false, false, true),
            (await run.EmptyAsync(), Directory.Exists(run.Azurite), File.Exists(run.Keys), File.Exists(Path.Combine(_folder, "diary.txt")))
        );
    }

    [Fact]
    public async Task Emptying_spares_the_mode_that_runs()
    {
        using var run = StateFolder.Take(_folder, once: false);
        Directory.CreateDirectory(run.Azurite);
        using var once = StateFolder.Take(_folder, once: true);
        Assert.Equal((false, true), (await once.EmptyAsync(), Directory.Exists(run.Azurite)));
    }

    [Fact]
    public void Logs_of_the_last_start_are_kept_beside_the_new_ones()
    {
        using var run = StateFolder.Take(_folder, once: false);
        run.RotateLogs();
        foreach (var text in new[] { "first", "second" })
        {
            File.WriteAllText(run.Log("app.log"), text);
            run.RotateLogs();
        }
        Assert.Equal(("second", false), (File.ReadAllText(run.Log("app.1.log")), File.Exists(run.Log("app.log"))));
    }

    [Theory]
    [InlineData("""{"LogLevel":"Warning","Category":"Compliance.Runs","Message":"late"}""", true, "app      warning: late")]
    [InlineData("""{"LogLevel":"Information","Category":"Compliance.Runs","Message":"done"}""", true, "app      done")]
    [InlineData(
        """{"LogLevel":"Error","Category":"Microsoft.X","Message":"failed","Exception":"System.IO.IOException: full\n   at X"}""",
        true,
        "app      error: failed: System.IO.IOException: full"
    )]
    [InlineData("""{"LogLevel":"Information","Category":"Microsoft.Hosting","Message":"started"}""", false, "app      started")]
    [InlineData(
        """{"LogLevel":"Information","Category":"Compliance.Runs","Message":"done","Scopes":[{"FunctionName":"F","CorrelationId":"c"}]}""",
        true,
        "app      done"
    )]
    [InlineData(
        """{"LogLevel":"Information","Category":"LocalHost","Message":"Function F: timerTrigger"}""",
        false,
        "app      Function F: timerTrigger"
    )]
    [InlineData(
        """{"LogLevel":"Error","Category":"LocalHost.Worker","Message":"The worker ended"}""",
        true,
        "app      error: The worker ended"
    )]
    [InlineData("""{"LogLevel":"Information","Category":"LocalHost.Worker.Output","Message":"printed"}""", true, "app      printed")]
    [InlineData("""{"LogLevel":"Information","Category":"Host.Triggers.DurableTask","Message":"episode"}""", false, "app      episode")]
    [InlineData("{ not json", true, "app      { not json")]
    [InlineData("[1]\u001b[31m", true, "app      [1]\\u001b[31m")]
    public void A_log_line_is_shortened_for_people(string line, bool shown, string expected)
    {
        var parsed = LogLine.Parse(line);
        Assert.Equal((shown, expected), (parsed.IsForPeople, parsed.Short("app")));
    }
}
