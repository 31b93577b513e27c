namespace Infra.Tests;

/// <summary>A file with what was reviewed.</summary>
internal static class ReviewedFile
{
    /// <summary>
    /// Holds that a text is the file's. With <c>REFRESH_SAMPLES=1</c> it is written into the file: read the difference before you commit.
    /// </summary>
    public static void AssertSame(string path, string text)
    {
        if (Environment.GetEnvironmentVariable("REFRESH_SAMPLES") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }
}
