namespace Local;

/// <summary>A file that its owner alone can read, replaced as a whole: whoever reads it finds the former content or the new one.</summary>
internal static class OwnerOnlyFile
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var next = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // One that a crash left would keep the mode that it has.
        File.Delete(next);
        using (var file = new FileStream(next, options))
            file.Write(content);
        File.Move(next, path, overwrite: true);
    }
}
