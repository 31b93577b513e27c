using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Local;

namespace Testing;

/// <summary>
/// The sentences that customers read from one capability, in one file beside its tests: a heading for each situation, the text below it.
/// With <c>REFRESH_TEXTS=1</c> the tests write what the code produces now; read the difference before you commit it.
/// </summary>
/// <remarks>
/// A test names its situation as a literal: <c>Texts.Credentials.Expect("secret without an end", finding.NextStep)</c>. An entry whose
/// name is in no test beside the file is one that no test produces (<see cref="ExpectNoOther"/>).
/// </remarks>
public sealed class GoldenTexts
{
    /// <summary>The variable that has the files written; without it, no test writes.</summary>
    public const string Switch = "REFRESH_TEXTS";

    private const string Fence = "~~~";
    private const string NoText = "(nothing)";
    private const string Between = " | ";
    private const string Nothing = "null";
    private const string Empty = "\"\"";

    // As a test writes them, the backslash first.
    private static readonly (string Plain, string Escaped)[] Escapes =
    [
        ("\\", "\\\\"),
        ("\"", "\\\""),
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\uFEFF", "\\uFEFF"),
    ];

    private static readonly ConcurrentDictionary<string, GoldenTexts> Opened = new(StringComparer.Ordinal);

    private readonly Lock _gate = new();
    private readonly string _file;
    private readonly bool _refresh;
    private readonly SortedDictionary<string, string> _kept;
    private readonly Dictionary<string, string> _produced = new(StringComparer.Ordinal);

    /// <summary>Reads the file, if it is there.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="refresh">Whether what is expected is written instead of compared.</param>
    public GoldenTexts(string file, bool refresh)
    {
        _file = file;
        _refresh = refresh;
        _kept = File.Exists(file) ? Parse(File.ReadAllText(file)) : new(StringComparer.Ordinal);
    }

    /// <summary>The texts of a file of this repository, as the variable has it.</summary>
    /// <param name="path">Its path from <c>tests</c>.</param>
    public static GoldenTexts In(string path) =>
        Opened.GetOrAdd(
            Path.GetFullPath(Path.Combine(RepositoryRoot.Find(), "tests", path)),
            file => new(file, Environment.GetEnvironmentVariable(Switch) == "1")
        );

    /// <summary>Fails when the situation's text is another than the one in the file.</summary>
    /// <param name="situation">Names the entry; the same text in every run.</param>
    /// <param name="actual">What the code produces.</param>
    public void Expect(string situation, string? actual)
    {
        var text = actual ?? throw new GoldenTextException($"{Place(situation)}: there is no text");
        lock (_gate)
        {
            if (_produced.TryGetValue(situation, out var other) && other != text)
                throw new GoldenTextException($"{Place(situation)} names two texts: {Difference(other, text)}");
            _produced[situation] = text;
            if (_refresh)
                Keep(situation, text);
            else if (!_kept.TryGetValue(situation, out var kept))
                throw new GoldenTextException($"{Place(situation)} is not there. Now it is\n{text}\n{Advice}");
            else if (kept != text)
                throw new GoldenTextException($"{Place(situation)} is another text: {Difference(kept, text)}\n{Advice}");
        }
    }

    /// <summary>Fails when the text of one case of a situation is another than the one in the file.</summary>
    /// <param name="situation">Names what its cases have in common.</param>
    /// <param name="given">What was given in this one, as the test has it.</param>
    /// <param name="actual">What the code produces.</param>
    public void Expect(string situation, string? given, string? actual) => Expect(situation, [given], actual);

    /// <inheritdoc cref="Expect(string, string?, string?)"/>
    public void Expect(string situation, string?[] given, string? actual) => Expect($"{situation}: {Case(given)}", actual);

    /// <summary>Fails when the lines of a situation's text are others than those in the file.</summary>
    /// <param name="situation">Names the entry.</param>
    /// <param name="actual">What the code produces, a line each.</param>
    public void Expect(string situation, IEnumerable<string> actual) => Expect(situation, string.Join('\n', actual));

    /// <inheritdoc cref="Expect(string, string?, string?)"/>
    public void Expect(string situation, string? given, IEnumerable<string> actual) =>
        Expect(situation, [given], string.Join('\n', actual));

    /// <summary>
    /// Fails when the file has an entry that no test beside it names, or is not in the form in which it is written. Where it is written,
    /// such an entry is deleted.
    /// </summary>
    public void ExpectNoOther()
    {
        var sources = Directory
            .EnumerateFiles(Path.GetDirectoryName(_file)!, "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText)
            .ToList();
        lock (_gate)
        {
            var unnamed = _kept.Keys.Where(situation => !sources.Exists(source => Names(source, situation))).ToList();
            if (_refresh)
            {
                foreach (var situation in unnamed)
                    _kept.Remove(situation);
                File.WriteAllText(_file, Write());
            }
            else if (unnamed.Count > 0)
                throw new GoldenTextException($"No test names these of {_file}:\n{string.Join('\n', unnamed)}\n{Advice}");
            else if (File.ReadAllText(_file) != Write())
                throw new GoldenTextException($"{_file} is not as the tests write it.\n{Advice}");
        }
    }

    private static string Advice => $"{Switch}=1 writes what the code produces now; read the difference before you commit it.";

    private string Place(string situation) => $"{_file}, '{situation}'";

    private void Keep(string situation, string text)
    {
        if (_kept.TryGetValue(situation, out var kept) && kept == text)
            return;
        _kept[situation] = text;
        File.WriteAllText(_file, Write());
    }

    // As one literal, or as the literal of the situation and elsewhere those of what was given.
    private static bool Names(string source, string situation)
    {
        if (source.Contains($"\"{situation}\"", StringComparison.Ordinal))
            return true;
        for (var end = EndOf(situation, 0); end > 0; end = EndOf(situation, end + 1))
            if (
                source.Contains($"\"{situation[..end]}\"", StringComparison.Ordinal)
                && situation[(end + 2)..].Split(Between).All(given => Gives(source, given))
            )
                return true;
        return false;
    }

    private static int EndOf(string situation, int start) => situation.IndexOf(": ", start, StringComparison.Ordinal);

    // With escapes, or in raw quotation marks.
    private static bool Gives(string source, string given) =>
        given is Nothing or Empty
        || (long.TryParse(given, CultureInfo.InvariantCulture, out _) && source.Contains(given, StringComparison.Ordinal))
        || source.Contains($"\"{given}\"", StringComparison.Ordinal)
        || source.Contains($"\"{Unescape(given)}\"", StringComparison.Ordinal);

    private static string Case(string?[] given) => string.Join(Between, given.Select(Escape));

    private static string Escape(string? text) =>
        text switch
        {
            null => Nothing,
            "" => Empty,
            _ => Escapes.Aggregate(text, (escaped, one) => escaped.Replace(one.Plain, one.Escaped, StringComparison.Ordinal)),
        };

    private static string Unescape(string text) =>
        Escapes.Reverse().Aggregate(text, (plain, one) => plain.Replace(one.Escaped, one.Plain, StringComparison.Ordinal));

    // The first lines that differ.
    private static string Difference(string kept, string now)
    {
        var (before, after) = (kept.Split('\n'), now.Split('\n'));
        var line = before.Zip(after).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {line + 1}\n  kept: {Line(before, line)}\n  now:  {Line(after, line)}";
    }

    private static string Line(string[] lines, int index) => index < lines.Length ? lines[index] : "(no such line)";

    private string Write()
    {
        var text = new StringBuilder($"# Texts of {Path.GetFileName(Path.GetDirectoryName(_file))}\n");
        text.Append("\nWritten by the tests of this folder: `REFRESH_TEXTS=1` writes what the code produces now.\n");
        foreach (var (situation, entry) in _kept)
            text.Append($"\n## {situation}\n\n{Block(entry)}\n");
        return text.ToString();
    }

    private static string Block(string entry)
    {
        if (entry.Length == 0)
            return NoText;
        return IsPlain(entry) ? entry : $"{Fence}\n{entry}\n{Fence}";
    }

    private static bool IsPlain(string entry) =>
        entry != NoText
        && entry.Trim() == entry
        && !entry.Contains('\n', StringComparison.Ordinal)
        && !entry.StartsWith('#')
        && !entry.StartsWith(Fence, StringComparison.Ordinal);

    // What is in another form is left out, so that files with the marks of a merge can be written again.
    //
    // ## what is missing
    //
    // one line
    //
    // ## what is refused
    //
    // ~~~
    // lines as they are
    // ~~~
    private static SortedDictionary<string, string> Parse(string file)
    {
        var kept = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var lines = file.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("## ", StringComparison.Ordinal))
                continue;
            var situation = lines[i][3..];
            i += 2;
            var entry = i < lines.Length ? lines[i] : "";
            if (entry == Fence)
            {
                var text = lines.Skip(i + 1).TakeWhile(line => line != Fence).ToList();
                entry = string.Join('\n', text);
                i += text.Count + 1;
            }
            else if (entry == NoText)
                entry = "";
            kept[situation] = entry;
        }
        return kept;
    }
}

/// <summary>A text that customers read is another than the one that was kept.</summary>
/// <param name="message">Which, and the first lines that differ.</param>
public sealed class GoldenTextException(string message) : Exception(message);
