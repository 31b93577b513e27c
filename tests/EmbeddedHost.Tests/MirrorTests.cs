using System.Reflection;

namespace EmbeddedHost.Tests;

/// <summary>
/// The mirror may leave official members out, but what it has must be as the official packages have it, or the app would compile here and not there.
/// </summary>
public sealed class MirrorTests
{
    private static readonly Dictionary<string, HashSet<string>> Official = Read();

    private static readonly Dictionary<string, string> Names = Official.Keys.Select(NameOf).ToDictionary(n => n.Split('.')[^1]);

    public static TheoryData<string> Types => [.. typeof(FunctionContext).Assembly.GetExportedTypes().Select(t => t.FullName!)];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_public_type_is_one_of_the_official_ones_and_has_no_member_they_lack(string type) =>
        Assert.Empty(Differences(typeof(FunctionContext).Assembly.GetType(type)!, "EmbeddedHost"));

    [Theory]
    [MemberData(nameof(Types))]
    public void The_doc_comment_of_a_type_names_the_official_one_it_stands_for(string type)
    {
        var documentation = File.ReadAllText(Path.ChangeExtension(typeof(FunctionContext).Assembly.Location, "xml"));
        var at = documentation.IndexOf($"name=\"T:{type}\"", StringComparison.Ordinal);
        var summary = documentation[at..documentation.IndexOf("</summary>", at, StringComparison.Ordinal)];
        Assert.Contains($"Stands for {Names[type.Split('.')[^1].Split('`')[0]]}.", summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(Astray.TimerInfo), "bool Extra { get; }")]
    [InlineData(typeof(Astray.FunctionAttribute), "ctor(string title)")]
    [InlineData(typeof(Astray.ScheduleStatus), "System.DateTimeOffset Last { get; set; }")]
    [InlineData(typeof(Astray.QueueOutputAttribute), "ctor(string queueName = input)")]
    [InlineData(typeof(Astray.EventGridTriggerAttribute), "sealed class Microsoft.Azure.Functions.Worker.EventGridTriggerAttribute : System.Attribute")]
    [InlineData(typeof(Astray.Unlisted), "class EmbeddedHost.Tests.Astray.Unlisted")]
    public void A_mirror_gone_astray_is_told(Type type, string difference) =>
        Assert.Contains(difference, Differences(type, "EmbeddedHost.Tests.Astray"));

    private static List<string> Differences(Type type, string mirror)
    {
        var signatures = new Signatures(mirror, Names);
        var header = signatures.Header(type);
        if (Official.TryGetValue(header, out var members))
            return [.. signatures.Members(type).Where(m => !members.Contains(m))];
        var listed = Official.FirstOrDefault(o => NameOf(o.Key).Split('.')[^1] == type.Name.Split('`')[0]).Value;
        return [header, .. signatures.Members(type).Where(m => listed?.Contains(m) != true)];
    }

    private static string NameOf(string header) => header.Split(" : ")[0].Split('<')[0].Split(' ')[^1];

    private static Dictionary<string, HashSet<string>> Read()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("official-api.txt")!);
        var types = new Dictionary<string, HashSet<string>>();
        HashSet<string> members = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] == ' ')
                members.Add(line.Trim());
            else
                types.Add(line, members = []);
        }

        return types;
    }
}
