using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Local;

/// <summary>What a test run's result files add up to.</summary>
/// <param name="Passed">Tests that passed.</param>
/// <param name="Failed">Tests that failed, in any way.</param>
/// <param name="Skipped">Tests that were not run.</param>
internal sealed record TrxTotals(int Passed, int Failed, int Skipped)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Sums the counters of all <c>*.trx</c> files in a folder, such as <c>&lt;Counters total="5" executed="4" passed="3" failed="1" ... /&gt;</c>.</summary>
    /// <exception cref="LaunchException">A file is cut off or has no counters: its project crashed.</exception>
    public static TrxTotals Of(string folder)
    {
        var sum = new TrxTotals(0, 0, 0);
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.trx", SearchOption.AllDirectories) : [])
        {
            var one = OfFile(file);
            sum = new TrxTotals(sum.Passed + one.Passed, sum.Failed + one.Failed, sum.Skipped + one.Skipped);
        }
        return sum;
    }

    /// <summary><c>N passed, N failed</c>, and <c>, N skipped</c> when there are some.</summary>
    public override string ToString() => $"{Passed} passed, {Failed} failed" + (Skipped > 0 ? $", {Skipped} skipped" : "");

    private static TrxTotals OfFile(string file)
    {
        try
        {
            var counters = XDocument.Load(file).Descendants(Trx + "Counters").FirstOrDefault() ?? throw new XmlException("it has no Counters");
            int Count(string name) => int.Parse(counters.Attribute(name)?.Value ?? throw new XmlException($"its Counters have no {name}"), CultureInfo.InvariantCulture);
            // A skipped test is one that was not executed; whatever was executed and did not pass has failed (error, time-out, aborted).
            return new TrxTotals(Count("passed"), Count("executed") - Count("passed"), Count("total") - Count("executed"));
        }
        catch (Exception e) when (e is XmlException or FormatException)
        {
            throw new LaunchException($"the test results in {file} cannot be read: {Plain.Text(e.Message)}", e);
        }
    }
}
